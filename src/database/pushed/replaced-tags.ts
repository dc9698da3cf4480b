import type { Queries } from '../dialect-differences.js';

/** What a tag on a target pointed to before a run pushed to it. */
export interface ReplacedTag {
  readonly target: string;
  /** `host/repository:tag` on the target. */
  readonly reference?: string | undefined;
  /** The old digest. */
  readonly before: string;
  readonly digest?: string | undefined;
  /** The name of the backup of the old content. */
  readonly backup?: string | undefined;
  readonly run: string;
  /** UTC milliseconds. */
  readonly at: number;
}

const mostEvents = 500;

/** The replacements of an image's tags that the history still has, the newest first. */
export async function readReplaced(queries: Queries, image: string): Promise<readonly ReplacedTag[]> {
  // Outcomes are found by run and image: the image's events name the runs.
  const events = await queries
    .selectFrom('events')
    .select('run')
    .where('image', '=', image)
    .orderBy('id', 'desc')
    .limit(mostEvents)
    .execute();
  const runs = [...new Set(events.flatMap(({ run }) => run ?? []))];
  if (runs.length === 0) return [];
  const rows = await queries
    .selectFrom('run_outcomes')
    .select(['target', 'reference', 'digest', 'replaced', 'backup', 'run', 'recorded_at'])
    .where('run', 'in', runs)
    .where('image', '=', image)
    .where('replaced', 'is not', null)
    .orderBy('recorded_at', 'desc')
    .execute();
  return rows.map((row) => ({
    target: row.target,
    reference: row.reference ?? undefined,
    before: row.replaced ?? '',
    digest: row.digest ?? undefined,
    backup: row.backup ?? undefined,
    run: row.run,
    at: row.recorded_at,
  }));
}
