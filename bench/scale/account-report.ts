import type { Goal, Table } from '../scenario.js';
import { megabyte } from '../statistics.js';
import { cpuPerImage } from './account.js';
import type { Account } from './account.js';
import type { RequestCounts } from './counted-registry.js';

/** What an earlier version cost for the same work. */
export interface Baseline {
  readonly wallSeconds: number;
  readonly cpuSeconds: { readonly temporal: number; readonly workers: number; readonly database: number };
  readonly images: number;
  readonly statementsPerImage: number;
}

/**
 * Commit 308db95, measured on a shared machine of two cores with MariaDB 10.11, two targets, one worker and Temporal's
 * development server.
 */
export const baselines = {
  newTiny: {
    images: 1000,
    wallSeconds: 282,
    cpuSeconds: { temporal: 158, workers: 80, database: 13 },
    statementsPerImage: 38,
  },
  unchanged: {
    images: 1000,
    wallSeconds: 424,
    cpuSeconds: { temporal: 172, workers: 70, database: 18 },
    statementsPerImage: 27,
  },
  /** Commit dacbbb1, which copied as 308db95 did, by this scenario on the same kind of machine. */
  newTinyFar: {
    images: 300,
    wallSeconds: 128,
    cpuSeconds: { temporal: 33, workers: 20, database: 2 },
    statementsPerImage: 43,
  },
} as const satisfies Record<string, Baseline>;

const baselineName = 'before, recorded';

const columns = [
  '',
  'images',
  'seconds',
  'images/s',
  'CPU ms per image',
  'Temporal',
  'workers',
  'database',
  'statements per image',
  'events per image',
  'requests per image, source',
  'targets',
  'peak memory',
  'Temporal’s database',
] as const;

export function accountTable(
  accounts: readonly { readonly name: string; readonly account: Account }[],
  baseline?: Baseline,
): Table {
  const rows = accounts.map(({ name, account }) => rowOf(name, account));
  return { columns, rows: baseline === undefined ? rows : [...rows, baselineRow(baseline)] };
}

/** Counts that no table has, in a sentence. */
export function accountNote(
  name: string,
  { database, history, sourceRequests, targetRequests, cpuMs, images }: Account,
): string {
  const workflows = Object.entries(history.byType).map(([type, count]) => `${count} ${type}`);
  return [
    `${name}: ${workflows.join(', ')}, the longest history with ${history.longest} events;`,
    `${database.transactions} transactions, ${database.rollbacks} rolled back, ${database.deadlocks} deadlocks, ${database.lockWaits} lock waits, ${(database.rowsRead / images).toFixed(1)} rows read per image;`,
    `requests at the source: ${listed(sourceRequests)}; at the targets: ${listed(targetRequests)};`,
    `CPU of the registries ${perImage(cpuMs.registries, images)} ms per image.`,
  ].join(' ');
}

export function cpuAtMost(ms: number, account: Account): Goal {
  const found = cpuPerImage(account);
  return {
    text: `at most ${ms} ms of CPU per image in Temporal, workers and database`,
    found: `${found.toFixed(1)} ms`,
    met: found <= ms,
  };
}

export function statementsAtMost(most: number, { database, images }: Account): Goal {
  const found = database.statements / images;
  return { text: `at most ${most} SQL statements per image`, found: found.toFixed(2), met: found <= most };
}

export function rateAtLeast(
  times: number,
  { images, wallMs }: Account,
  baseline: Pick<Baseline, 'images' | 'wallSeconds'>,
): Goal {
  const [own, earlier] = [images / (wallMs / 1000), baseline.images / baseline.wallSeconds];
  return {
    text: `at least ${times}× the rate of before`,
    found: `${(own / earlier).toFixed(1)}×, ${own.toFixed(1)} images/s`,
    met: own >= times * earlier,
  };
}

export function memoryAtMost(megabytes: number, { peakBytes }: Account): Goal {
  return {
    text: `a worker has at most ${megabytes} MB`,
    found: `${(peakBytes / megabyte).toFixed(0)} MB`,
    met: peakBytes <= megabytes * megabyte,
  };
}

export function historyAtMost(events: number, { history }: Account): Goal {
  return {
    text: `no history has more than ${events} events`,
    found: String(history.longest),
    met: history.longest <= events,
  };
}

export function secondsAtMost(seconds: number, what: string, foundMs: number): Goal {
  return { text: `${what} ${seconds} s`, found: `${(foundMs / 1000).toFixed(2)} s`, met: foundMs <= seconds * 1000 };
}

export function requestsAre(expected: RequestCounts, text: string, found: RequestCounts): Goal {
  const kinds = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return { text, found: listed(found), met: [...kinds].every((kind) => (expected[kind] ?? 0) === (found[kind] ?? 0)) };
}

function rowOf(name: string, account: Account): readonly string[] {
  const { images, wallMs, cpuMs, database, history, sourceRequests, targetRequests, peakBytes, temporalBytes } =
    account;
  const total = (counts: RequestCounts): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
  return [
    name,
    String(images),
    (wallMs / 1000).toFixed(1),
    (images / (wallMs / 1000)).toFixed(1),
    cpuPerImage(account).toFixed(1),
    perImage(cpuMs.temporal, images),
    perImage(cpuMs.workers, images),
    perImage(cpuMs.database, images),
    (database.statements / images).toFixed(2),
    (history.events / images).toFixed(2),
    (total(sourceRequests) / images).toFixed(2),
    (total(targetRequests) / images).toFixed(2),
    `${(peakBytes / megabyte).toFixed(0)} MB`,
    `${(temporalBytes / megabyte).toFixed(1)} MB`,
  ];
}

function baselineRow({ images, wallSeconds, cpuSeconds, statementsPerImage }: Baseline): readonly string[] {
  const { temporal, workers, database } = cpuSeconds;
  const ms = (seconds: number): string => perImage(seconds * 1000, images);
  return [
    baselineName,
    String(images),
    wallSeconds.toFixed(1),
    (images / wallSeconds).toFixed(1),
    ms(temporal + workers + database),
    ms(temporal),
    ms(workers),
    ms(database),
    String(statementsPerImage),
    '',
    '',
    '',
    '',
    '',
  ];
}

function listed(counts: RequestCounts): string {
  const each = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`);
  return each.length === 0 ? 'none' : each.join(', ');
}

function perImage(ms: number, images: number): string {
  return (ms / images).toFixed(1);
}
