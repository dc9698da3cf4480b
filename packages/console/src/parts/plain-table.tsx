import type { ReactNode } from 'react';

import { Scrolling } from './scrolling.js';

interface PlainTableProps {
  /** Texts of the heads of the columns, each different. */
  readonly heads: readonly string[];
  /** The rows. */
  readonly children: ReactNode;
}

/** A table of a few rows; the rows of long lists are virtual. */
export function PlainTable({ heads, children }: PlainTableProps) {
  return (
    <Scrolling>
      <table className="plain-table">
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </Scrolling>
  );
}
