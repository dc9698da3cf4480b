import { requestsBetween } from './counted-registry.js';
import type { CountedRegistry, RequestCounts } from './counted-registry.js';
import { countsBetween, databaseCounts } from './database-counts.js';
import type { DatabaseCounts } from './database-counts.js';
import { historyCounts } from './history-counts.js';
import type { HistoryCounts } from './history-counts.js';
import type { ScaleStage } from './scale-stage.js';
import { logStatements } from './statement-log.js';

/** What a piece of work cost, by the kernel's accounting and the servers' own counts. */
export interface Account {
  /** What the work was about; the figures of an image are divided by it. */
  readonly images: number;
  readonly wallMs: number;
  readonly cpuMs: {
    readonly temporal: number;
    readonly workers: number;
    readonly database: number;
    /** Of the source and the targets: what any copier would cost there. */
    readonly registries: number;
  };
  /** Of the worker that had the most. */
  readonly peakBytes: number;
  readonly database: DatabaseCounts;
  readonly sourceRequests: RequestCounts;
  readonly targetRequests: RequestCounts;
  readonly history: HistoryCounts;
  /** Size of Temporal's database at the end. */
  readonly temporalBytes: number;
}

/** Takes the accounts before and after some work. The fleet may start in it. */
export async function accountOf(stage: ScaleStage, images: number, work: () => Promise<void>): Promise<Account> {
  const statementLog = await logStatements(stage);
  const before = await readings(stage);
  const since = new Date();
  const startedAt = performance.now();
  await work();
  const wallMs = performance.now() - startedAt;
  const after = await readings(stage);
  const fleet = stage.fleet();
  if (fleet === undefined) throw new TypeError('the work has started no ferry');
  await statementLog?.print(images);
  return {
    images,
    wallMs,
    cpuMs: {
      temporal: after.cpu.temporalMs - before.cpu.temporalMs,
      workers: after.cpu.workersMs - before.cpu.workersMs,
      database: after.databaseCpuMs - before.databaseCpuMs,
      registries: after.registriesCpuMs - before.registriesCpuMs,
    },
    peakBytes: fleet.peakBytes(),
    database: countsBetween(before.database, after.database),
    sourceRequests: requestsBetween([before.source], [after.source]),
    targetRequests: requestsBetween(before.targets, after.targets),
    history: await historyCounts(fleet.temporalAddress, since),
    temporalBytes: fleet.temporalBytes(),
  };
}

/** CPU of Temporal, workers and database together, for each image. */
export function cpuPerImage({ cpuMs, images }: Pick<Account, 'cpuMs' | 'images'>): number {
  return (cpuMs.temporal + cpuMs.workers + cpuMs.database) / images;
}

async function readings(stage: ScaleStage) {
  const { source, targets, sql } = stage;
  const requests = async (registry: CountedRegistry): Promise<RequestCounts> => await registry.requests();
  return {
    source: await requests(source),
    targets: await Promise.all(targets.map(requests)),
    cpu: stage.fleet()?.cpu() ?? { temporalMs: 0, workersMs: 0 },
    databaseCpuMs: stage.databaseCpuMs(),
    registriesCpuMs: [source, ...targets].reduce((sum, registry) => sum + registry.cpuMs(), 0),
    database: await databaseCounts(sql),
  };
}
