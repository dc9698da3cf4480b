import type { FormFault } from './form-fault.js';
import { moveRows } from './id-faults.js';

/** Changes that SQLite's ALTER TABLE does not know. */
const mysqlAlone = /\b(?:modify|alter column|drop (?:foreign key|constraint|primary key|index))\b/i;

/** A fault with statements that SQLite takes; where there are none the table is made again. */
export function forSqlite(fault: FormFault): FormFault {
  const { table, statements = [], todo } = fault;
  if (statements.some((statement) => mysqlAlone.test(statement))) {
    const { statements: _ofMysql, ...others } = fault;
    return { ...others, todo: `${todo === undefined ? '' : `${todo}; `}${moveRows(table)}` };
  }
  // One change in each statement.
  const split = statements.flatMap((statement) => {
    const [, changed = '', change = ''] = /^ALTER TABLE (\S+) (drop column .*)$/i.exec(statement) ?? [];
    if (change === '') return [statement];
    return change.split(/, (?=(?:add|drop|rename) column )/i).map((one) => `ALTER TABLE ${changed} ${one}`);
  });
  return statements.length === 0 ? fault : { ...fault, statements: split };
}
