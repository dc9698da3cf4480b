import { resolve } from 'node:path';

import * as z from 'zod';

import { parseCron } from '../domain/cron.js';
import { parseDuration } from '../domain/duration.js';
import { InvalidInput } from '../domain/ferry-error.js';
import { auditScheduleId, spreadOffsetMs, syncScheduleId } from '../domain/schedule-timing.js';
import type { ScheduleSetting, ScheduleTiming } from '../domain/schedule-timing.js';
import { fetchId } from '../domain/upstream.js';
import type { Upstream } from '../domain/upstream.js';
import type { ConfigErrors } from './config-errors.js';
import type { Environment } from './environment.js';

const Cron = z.string().min(1);
const ScheduleEntry = z.union(
  [
    z.literal('off'),
    // YAML 1.1 parsers read `off` as false, and users write false for it.
    z.literal(false),
    z.strictObject({ every: z.string(), offset: z.string().optional() }),
    z.strictObject({ cron: z.union([Cron, z.array(Cron).min(1)]), timezone: z.string().min(1).optional() }),
  ],
  "must be off, { every: 12h, offset: 5m } or { cron: '30 3 * * *', timezone: Asia/Shanghai }",
);

/** `schedules:` of `ferry.yaml`, by `sync-all`, `audit`, or `fetch-` and an upstream's name. */
export const ScheduleEntries = z.record(z.string(), ScheduleEntry);
type ScheduleEntry = z.infer<typeof ScheduleEntry>;

export interface SchedulesConfig {
  /** False: this process does not manage schedules (`FERRY_SCHEDULES=off`). */
  readonly areKept: boolean;
  readonly settings: readonly ScheduleSetting[];
  /** Schedules that are switched off: existing ones are deleted. */
  readonly off: readonly string[];
  /** Path of the configuration file; absent if there is none. */
  readonly configuration?: string | undefined;
}

const syncEveryMs = 3 * 60 * 60 * 1_000;
/** Once a day, when most of those who pull from the targets sleep. */
const auditTiming: ScheduleTiming = { cron: ['30 3 * * *'], timezone: 'Asia/Shanghai' };
const minEveryMs = 60_000;

interface FileWithSchedules {
  readonly path: string;
  readonly schedules?: z.infer<typeof ScheduleEntries> | undefined;
  readonly named?: { readonly upstreams: readonly string[] };
}

/** `schedules:` overrides the schedule of an upstream's own entry, which overrides the default. */
export function readSchedules(
  environment: Environment,
  file: FileWithSchedules,
  upstreams: readonly Upstream[],
  errors: ConfigErrors,
): SchedulesConfig {
  const path = errors.try(() => environment.value('FERRY_CONFIG'));
  const given = new Map(Object.entries(file.schedules ?? {}));
  const known = [
    { id: syncScheduleId, does: { kind: 'sync' as const }, standard: { everyMs: syncEveryMs } },
    { id: auditScheduleId, does: { kind: 'audit' as const }, standard: auditTiming },
    ...upstreams.map(({ name, schedule }) => ({
      id: fetchId(name),
      does: { kind: 'fetch' as const, upstream: name },
      standard: schedule,
    })),
  ];
  for (const id of given.keys()) {
    if (known.some((one) => one.id === id)) continue;
    // An upstream with an invalid entry is already reported there.
    if (file.named?.upstreams.some((name) => id === fetchId(name)) === true) continue;
    errors.add(`${file.path}: schedules.${id} is unknown; known: ${known.map((one) => one.id).join(', ')}`);
  }

  const settings: ScheduleSetting[] = [];
  const off: string[] = [];
  for (const { id, does, standard } of known) {
    const timing = errors.try(() => timingOf(id, given.get(id), standard), `${file.path}: schedules.${id}`);
    if (timing === undefined) off.push(id);
    else settings.push({ id, does, timing });
  }
  const configuration = path === undefined ? undefined : resolve(path);
  return { areKept: readKept(environment, errors), settings, off, configuration };
}

function timingOf(
  id: string,
  entry: ScheduleEntry | undefined,
  standard: ScheduleTiming | undefined,
): ScheduleTiming | undefined {
  const timing = entry === undefined ? standard : readEntry(entry);
  if (timing === undefined) return undefined;
  if ('cron' in timing) {
    for (const expression of timing.cron) parseCron(expression);
    assertTimezone(timing.timezone ?? 'UTC');
    return timing;
  }
  const offsetMs = timing.offsetMs ?? spreadOffsetMs(id, timing.everyMs);
  if (offsetMs >= timing.everyMs) throw new InvalidInput('offset must be shorter than every', 'configuration');
  return { ...timing, offsetMs };
}

function readEntry(entry: ScheduleEntry): ScheduleTiming | undefined {
  if (entry === 'off' || entry === false) return undefined;
  if ('cron' in entry) {
    const { cron, timezone } = entry;
    return { cron: [cron].flat(), timezone };
  }
  const everyMs = parseDuration(entry.every);
  if (everyMs < minEveryMs) throw new InvalidInput(`every is "${entry.every}": expected at least 1m`, 'configuration');
  return { everyMs, offsetMs: entry.offset === undefined ? undefined : parseDuration(entry.offset) };
}

function readKept(environment: Environment, errors: ConfigErrors): boolean {
  const text = errors.try(() => environment.value('FERRY_SCHEDULES')) ?? 'on';
  if (text !== 'on' && text !== 'off') errors.add(`FERRY_SCHEDULES is "${text.slice(0, 80)}": expected on or off`);
  return text !== 'off';
}

/** @throws InvalidInput */
export function assertTimezone(timezone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
  } catch {
    throw new InvalidInput(
      `"${timezone.slice(0, 80)}" is not a time zone: expected for example Asia/Shanghai`,
      'configuration',
    );
  }
}
