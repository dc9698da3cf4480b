import type { Connection, RowDataPacket } from 'mysql2/promise';

/** What a MariaDB server has counted since its start, without the statements that read these counts. */
export interface DatabaseCounts {
  /** Statements that clients sent. */
  readonly statements: number;
  /** Of them those that began a transaction. */
  readonly transactions: number;
  readonly rollbacks: number;
  readonly rowsRead: number;
  readonly deadlocks: number;
  readonly lockWaits: number;
}

const variables = {
  statements: ['Questions'],
  transactions: ['Com_begin'],
  rollbacks: ['Com_rollback'],
  rowsRead: [
    'Handler_read_first',
    'Handler_read_key',
    'Handler_read_next',
    'Handler_read_prev',
    'Handler_read_rnd',
    'Handler_read_rnd_next',
  ],
  deadlocks: ['Innodb_deadlocks'],
  lockWaits: ['Innodb_row_lock_waits'],
} as const satisfies Record<keyof DatabaseCounts, readonly string[]>;

/** Reading them is a statement that reads a table, too. */
export async function databaseCounts(connection: Connection): Promise<DatabaseCounts> {
  const [rows] = await connection.query<RowDataPacket[]>('show global status');
  const values = new Map(rows.map((row) => [String(row['Variable_name']), Number(row['Value'])]));
  const sum = (names: readonly string[]): number => names.reduce((total, name) => total + (values.get(name) ?? 0), 0);
  return mapCounts((key) => sum(variables[key]));
}

export function countsBetween(before: DatabaseCounts, after: DatabaseCounts): DatabaseCounts {
  const own = { statements: 1 } as Partial<DatabaseCounts>;
  return mapCounts((key) => Math.max(0, after[key] - before[key] - (own[key] ?? 0)));
}

function mapCounts(value: (key: keyof DatabaseCounts) => number): DatabaseCounts {
  return {
    statements: value('statements'),
    transactions: value('transactions'),
    rollbacks: value('rollbacks'),
    rowsRead: value('rowsRead'),
    deadlocks: value('deadlocks'),
    lockWaits: value('lockWaits'),
  };
}
