/** Tables whose rows know each other by what they say, not by a number: their rows move as they are. */
export const TABLES_BY_KEY = {
  image_copies: ['image', 'target'],
  target_names: ['target_repository'],
  blob_locations: ['registry', 'digest', 'repository'],
  deliveries: ['id'],
  runs: ['id'],
  run_outcomes: ['run', 'image', 'target'],
  source_budgets: ['host', 'rate_limit_source'],
  source_pulls: ['host', 'rate_limit_source', 'slice_at'],
  upstreams: ['name'],
  events: ['id'],
} as const satisfies Readonly<Record<string, readonly [string, ...string[]]>>;

/** How many rows of a table there are in the file, and what became of them. */
export interface MovedTable {
  readonly table: string;
  readonly rows: number;
  readonly moved: number;
  /** The database has a row of that key, which stays as it is. */
  readonly kept: number;
}
