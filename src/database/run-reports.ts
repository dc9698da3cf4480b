import { sql } from 'kysely';

import type { CopyState } from '../domain/wanted-image.js';
import type { Queries } from './dialect-differences.js';
import type { NotDoneEntry, RunPage, RunReport } from './status-views.js';

/** The totals of a run; undefined if it is unknown or was deleted. Default: the latest run. */
export async function readRun(queries: Queries, id?: string): Promise<RunReport | undefined> {
  const runs = queries.selectFrom('runs').selectAll().orderBy('started_at', 'desc').limit(1);
  const run = await (id === undefined ? runs : runs.where('id', '=', id)).executeTakeFirst();
  if (run === undefined) return undefined;
  // One row of each image is for the image as a whole: it has the bytes that were read, the others those that were sent.
  const counts = await queries
    .selectFrom('run_outcomes')
    .select([sql<string | null>`case when target = '' then state end`.as('whole'), sql<number>`count(*)`.as('images')])
    .select([sql<number | string>`sum(bytes_read)`.as('read'), sql<number | string>`sum(bytes_sent)`.as('sent')])
    .where('run', '=', run.id)
    .groupBy('whole')
    .execute();
  return {
    run: run.id,
    reasons: JSON.parse(run.reasons) as string[],
    startedAt: run.started_at,
    finishedAt: run.finished_at ?? undefined,
    summary: run.summary === null ? undefined : (JSON.parse(run.summary) as Record<string, unknown>),
    images: Object.fromEntries(
      counts.flatMap(({ whole, images }) => (whole === null ? [] : [[whole, Number(images)]])),
    ),
    bytesRead: counts.reduce((sum, { read }) => sum + Number(read), 0),
    bytesSent: counts.reduce((sum, { sent }) => sum + Number(sent), 0),
  };
}

/** Runs, the latest first. A cursor is the start and the ID of the last run of the page before. */
export async function readRuns(
  queries: Queries,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<RunPage> {
  const first = queries
    .selectFrom('runs')
    .select(['id', 'started_at'])
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit);
  const [, startedAt = '', id = ''] = /^(\d+)-(.+)$/.exec(cursor ?? '') ?? [];
  const older = first.where((is) =>
    is.or([
      is('started_at', '<', Number(startedAt)),
      is.and([is('started_at', '=', Number(startedAt)), is('id', '<', id)]),
    ]),
  );
  const rows = await (cursor === undefined ? first : older).execute();
  const items: RunReport[] = [];
  for (const row of rows) {
    const run = await readRun(queries, row.id);
    if (run !== undefined) items.push(run);
  }
  const last = rows.at(-1);
  return rows.length < limit || last === undefined ? { items } : { items, next: `${last.started_at}-${last.id}` };
}

/** Images and targets that a run did not complete, by name. */
export async function readNotDone(queries: Queries, run: string, limit: number): Promise<readonly NotDoneEntry[]> {
  const rows = await queries
    .selectFrom('run_outcomes')
    .select(['image', 'target', 'state', 'code', 'reason'])
    .where('run', '=', run)
    .where('target', '<>', '')
    .where('state', 'in', ['waiting', 'retrying', 'blocked'])
    .orderBy('image')
    .orderBy('target')
    .limit(limit)
    .execute();
  return rows.map(({ image, target, state, code, reason }) => ({
    image,
    target,
    state: state as CopyState,
    code: code ?? 'internal',
    reason: reason ?? '',
  }));
}
