import type * as z from 'zod';

import type { EndedCheck } from '../../domain/ended-check.js';
import { CheckReport } from './upstream-schemas.js';
import type { UpstreamCheck } from './upstream-schemas.js';

type Check = z.infer<typeof UpstreamCheck>;

const nothing = { added: [], changed: [], removed: [], unchanged: 0, wanted: [], skipped: [], notes: [] } as const;

/**
 * The checks of an upstream, the newest first. Temporal has those in progress, and forgets those that have ended; the
 * database has what each of them found, one or more for a workflow run.
 */
export function knownChecks(inTemporal: readonly Check[], recorded: readonly EndedCheck[], limit: number): Check[] {
  const stored = recorded.map(viewOf);
  const isStored = ({ runId, state }: Check): boolean =>
    stored.some((check) => check.runId === runId && check.state === state);
  return [...inTemporal.filter((check) => !isStored(check)), ...stored]
    .toSorted((a, b) => b.startedAt - a.startedAt)
    .slice(0, limit);
}

function viewOf({ id, workflowId, runId, startedAt, finishedAt, fault, report }: EndedCheck): Check {
  const known = { id, workflowId, runId, startedAt, finishedAt };
  if (fault !== undefined) return { ...known, ...nothing, state: 'failed', fault };
  const { success, data } = CheckReport.safeParse(report);
  if (success) return { ...known, ...data, state: 'done' };
  return { ...known, ...nothing, state: 'done', notes: ['what this check found cannot be read from the database'] };
}
