import { createRoute } from '@hono/zod-openapi';
import type * as z from 'zod';

import type { ScheduleSetting } from '../../domain/schedule-timing.js';
import { bearerToken, json, problems } from '../answer-schemas.js';
import { openApiApp } from '../open-api-app.js';
import type { ReadDatabase, StatusStores } from '../read-database.js';
import type { ServerWork } from '../server-work.js';
import { temporalFault } from '../temporal-fault.js';
import { kept } from './brief-cache.js';
import type { CallerEnv, Gate } from './caller.js';
import type { ConsoleWork } from './console-work.js';
import { Overview } from './overview-schemas.js';
import { scheduleViews } from './schedules-routes.js';
import type { TargetViews } from './targets-routes.js';

export interface OverviewRoutesOptions {
  readonly gate: Gate;
  readonly readDatabase: ReadDatabase;
  readonly targets: TargetViews;
  /** Names of the configured upstreams. */
  readonly upstreams: readonly string[];
  readonly schedules: readonly ScheduleSetting[];
  readonly work: Pick<ConsoleWork, 'progress' | 'schedules'> & Pick<ServerWork, 'running'>;
}

type OverviewData = z.infer<typeof Overview>;

const runsShown = 10;
/** Many pages may show the same overview. */
const recordedForMs = 1_000;
const overTimeMs = 24 * 60 * 60 * 1_000;

const getOverview = createRoute({
  method: 'get',
  path: '/overview',
  summary: 'How everything stands: counts, targets, what needs a person, the run in progress, schedules, releases',
  ...bearerToken,
  responses: { 200: json(Overview, 'How everything stands.'), ...problems(401, 429, 500, 503) },
});

/** The route of the first page. */
export function overviewRoutes(options: OverviewRoutesOptions) {
  const { gate, readDatabase: read, targets, upstreams, schedules, work } = options;
  const readRecorded = kept(recordedForMs, async () => await read(async (stores) => await recorded(stores, upstreams)));
  return openApiApp<CallerEnv>().openapi({ ...getOverview, middleware: gate.asReader }, async (context) => {
    const fromDatabase = await readRecorded();
    const [known, asked] = await Promise.all([targets.list(), askTemporal(fromDatabase.counts.pending > 0)]);
    return context.json(
      {
        ...fromDatabase,
        ...asked,
        targets: known.map(({ name, registry, finding, copies, missing }) => ({
          target: name,
          registry,
          isReachable: finding?.ok,
          checkedAt: finding?.checkedAt,
          fault: finding?.ok === false ? finding.message : undefined,
          copies,
          missing,
        })),
      },
      200,
    );
  });

  async function askTemporal(
    isPending: boolean,
  ): Promise<Pick<OverviewData, 'progress' | 'schedules' | 'unserved' | 'temporalFault'>> {
    try {
      const [progress, views, { unserved }] = await Promise.all([
        work.progress(),
        scheduleViews(schedules, work),
        work.running(isPending),
      ]);
      return { progress, schedules: views, unserved };
    } catch (error) {
      return { schedules: [], temporalFault: temporalFault(error) };
    }
  }
}

async function recorded({ status, overview, budgets }: StatusStores, upstreams: readonly string[]) {
  const { wanted, unverified, unread } = await status.overview();
  const { waiting, retrying } = await overview.tried();
  const releases: OverviewData['releases'][number][] = [];
  for (const upstream of upstreams) {
    const standing = await overview.release(upstream);
    releases.push({ images: 0, targets: [], ...standing, upstream });
  }
  return {
    counts: { ...wanted, waiting, retrying, pending: Math.max(0, wanted.pending - waiting - retrying) },
    unverified,
    unread,
    causes: await overview.causes(),
    runs: (await status.listRuns({ limit: runsShown })).items,
    pushedOverTime: await overview.pushedOverTime(Date.now() - overTimeMs),
    allowances: await budgets.budgets(),
    releases,
  };
}
