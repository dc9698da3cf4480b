import type { EndedCheck } from '../domain/ended-check.js';
import { visibleLines } from '../domain/visible-text.js';
import type { FerryDatabase } from './ferry-database.js';
import { readJsonColumn } from './json-column.js';

const longestFault = 4_000;

/** The checks of upstreams, for longer than Temporal keeps them. Pruned by age with the rest of the history. */
export class UpstreamCheckStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /** Again with the same ID: replaced. */
  async record({ id, upstream, workflowId, runId, startedAt, fault, report }: Omit<EndedCheck, 'finishedAt'>) {
    const { queries, dialect } = this.#database;
    const row = {
      id,
      upstream,
      workflow_id: workflowId,
      run_id: runId,
      started_at: startedAt,
      finished_at: await dialect.now(queries),
      fault: fault === undefined ? null : visibleLines(fault).slice(0, longestFault),
      report: report === undefined ? null : JSON.stringify(report),
    };
    await dialect.upsert(queries, 'upstream_checks', [row], ['id']);
  }

  /** The last checks of an upstream, the newest first. */
  async last(upstream: string, limit: number): Promise<readonly EndedCheck[]> {
    const rows = await this.#database.queries
      .selectFrom('upstream_checks')
      .selectAll()
      .where('upstream', '=', upstream)
      .orderBy('finished_at', 'desc')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      id: row.id,
      upstream: row.upstream,
      workflowId: row.workflow_id,
      runId: row.run_id,
      startedAt: row.started_at,
      finishedAt: row.finished_at,
      fault: row.fault ?? undefined,
      report: readJsonColumn(row.report),
    }));
  }
}
