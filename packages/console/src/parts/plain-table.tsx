import type { CSSProperties, ReactNode } from 'react';

import { Scrolling } from './scrolling.js';

interface PlainTableProps {
  /** Texts of the heads of the columns, each different. */
  readonly heads: readonly string[];
  /** Each a `Row`. */
  readonly children: ReactNode;
}

/**
 * A table of a few rows; the rows of long lists are virtual. In a narrow window each row is a card, whose cells stand below
 * one another with the heads of their columns: the roles are named, since a browser may take them from a table that is not
 * laid out as one.
 */
export function PlainTable({ heads, children }: PlainTableProps) {
  return (
    <Scrolling>
      <table role="table" className="plain-table" style={labelsOf(heads)}>
        <thead role="rowgroup">
          <tr role="row">
            {heads.map((head) => (
              <th key={head} role="columnheader" scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">{children}</tbody>
      </table>
    </Scrolling>
  );
}

export function Row({ children }: { readonly children: ReactNode }) {
  return <tr role="row">{children}</tr>;
}

interface CellProps {
  /** Takes the place that the other columns leave, and breaks anywhere. */
  readonly isBreaking?: boolean | undefined;
  readonly children?: ReactNode;
}

/** An empty cell takes no line of a card. */
export function Cell({ isBreaking = false, children }: CellProps) {
  return (
    <td role="cell" className={isBreaking ? 'breaking' : undefined}>
      {children}
    </td>
  );
}

/** The heads as console.css puts them before the cells of cards. */
function labelsOf(heads: readonly string[]): CSSProperties {
  return Object.fromEntries(heads.map((head, index) => [`--head-${index + 1}`, JSON.stringify(head)]));
}
