/** Tables with natural keys: their rows are copied unchanged. */
export const tablesByKey = {
  image_copies: ['image', 'target'],
  target_names: ['target_repository'],
  blob_locations: ['registry', 'digest', 'repository'],
  deliveries: ['id'],
  runs: ['id'],
  run_outcomes: ['run', 'image', 'target'],
  source_budgets: ['host', 'rate_limit_source'],
  source_pulls: ['host', 'rate_limit_source', 'slice_at'],
  upload_sessions: ['upload_key'],
  host_habits: ['registry'],
  upstreams: ['name'],
  upstream_releases: ['upstream', 'release_tag'],
  events: ['id'],
  requests: ['id'],
  notification_incidents: ['id'],
  notification_members: ['incident', 'image'],
  notifications: ['id'],
  notification_attempts: ['id'],
  notification_channels: ['name'],
  notification_cursors: ['name'],
  upstream_checks: ['id'],
  ended_sessions: ['id'],
  audits: ['id'],
  audit_findings: ['audit', 'image', 'target'],
} as const satisfies Readonly<Record<string, readonly [string, ...string[]]>>;

/** The number of rows of a table in the file, and how many were moved. */
export interface MovedTable {
  readonly table: string;
  readonly rows: number;
  readonly moved: number;
  /** Rows whose key already exists in the database; they are not changed. */
  readonly kept: number;
}
