import { userInfo } from 'node:os';

import type { TemporalClient } from '../../client/connect.js';
import { listManagedSchedules } from '../../client/managed-schedules.js';
import { reconcileSchedules } from '../../client/reconcile-schedules.js';
import {
  deleteSchedule,
  pauseSchedule,
  resumeSchedule,
  showSchedules,
  triggerSchedule,
} from '../../client/schedule-actions.js';
import type { ScheduleView } from '../../client/schedule-actions.js';
import { readSchedulingConfig } from '../../config/read-config.js';
import type { SchedulesConfig } from '../../config/schedule-settings.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { printPauseNote } from '../../domain/schedule-note.js';
import { printTiming } from '../../domain/schedule-timing.js';
import { ExitStatus } from '../exit-status.js';
import { localTime } from '../local-time.js';
import { printJson, printLine, printTable } from '../output.js';
import { withTemporal } from '../with-temporal.js';

export interface SchedulesOptions {
  readonly all?: boolean;
  readonly note?: string | undefined;
  readonly json?: boolean;
}

const nextShown = 3;

export async function ensureCommand({ json = false }: SchedulesOptions): Promise<number> {
  const config = readSchedulingConfig(process.env);
  const ensured = await withTemporal(
    config,
    async (temporal) => await reconcileSchedules(temporal, config.schedules, { takesOver: true }),
  );
  if (json) printJson({ schedules: ensured });
  else {
    printTable(
      ['SCHEDULE', 'OUTCOME', 'REASON'],
      ensured.map(({ id, outcome, reason }) => [id, outcome, reason ?? '']),
    );
  }
  return ExitStatus.done;
}

export async function showCommand({ json = false }: SchedulesOptions): Promise<number> {
  const config = readSchedulingConfig(process.env);
  const { settings } = config.schedules;
  const views = await withTemporal(
    config,
    async (temporal) => await showSchedules(temporal, await knownIds(temporal, config.schedules)),
  );
  const { off } = config.schedules;
  const timings = new Map(settings.map(({ id, timing }) => [id, printTiming(timing)]));
  if (json) {
    printJson({ schedules: views.map((view) => ({ ...inIso(view), when: whenOf(view.id) })) });
    return ExitStatus.done;
  }
  printTable(
    ['SCHEDULE', 'WHEN', 'STATE', 'LAST RUN', 'NEXT RUNS'],
    views.map((view) => [
      view.id,
      whenOf(view.id),
      stateOf(view, whenOf(view.id)),
      view.last === undefined ? 'never' : `${localTime(view.last.at)} ${view.last.state?.toLowerCase() ?? ''}`.trim(),
      view.next.slice(0, nextShown).map(localTime).join(', '),
    ]),
  );
  return ExitStatus.done;

  function whenOf(id: string): string {
    return timings.get(id) ?? (off.includes(id) ? 'off' : 'not configured');
  }
}

export async function pauseCommand(names: readonly string[], options: SchedulesOptions): Promise<number> {
  const note = options.note ?? printPauseNote({ way: 'cli', who: userInfo().username });
  return await forEach(names, options, 'paused', async (temporal, id) => await pauseSchedule(temporal, id, note));
}

export async function resumeCommand(names: readonly string[], options: SchedulesOptions): Promise<number> {
  const note = options.note ?? `resumed by ${userInfo().username} with ferry schedules resume`;
  return await forEach(names, options, 'resumed', async (temporal, id) => await resumeSchedule(temporal, id, note));
}

export async function triggerCommand(names: readonly string[], options: SchedulesOptions): Promise<number> {
  return await forEach(names, options, 'triggered', triggerSchedule);
}

export async function deleteCommand(names: readonly string[], options: SchedulesOptions): Promise<number> {
  const status = await forEach(names, options, 'deleted', deleteSchedule);
  if (options.json !== true) {
    printLine('The next worker start creates them again, unless ferry.yaml sets them to "off" (schedules: …: off).');
  }
  return status;
}

async function forEach(
  names: readonly string[],
  { all = false, json = false }: SchedulesOptions,
  done: string,
  act: (temporal: TemporalClient, id: string) => Promise<boolean>,
): Promise<number> {
  const config = readSchedulingConfig(process.env);
  if (names.length === 0 && !all) {
    throw new InvalidInput(`name a schedule (${idsOf(config.schedules).join(', ')}) or use --all`, 'configuration');
  }

  const outcomes = await withTemporal(config, async (temporal) => {
    const known = await knownIds(temporal, config.schedules);
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined) {
      throw new InvalidInput(`unknown schedule ${unknown}; known: ${known.join(', ')}`, 'configuration');
    }
    const acted: { id: string; outcome: string }[] = [];
    for (const id of all ? known : names) {
      acted.push({ id, outcome: (await act(temporal, id)) ? done : 'missing' });
    }
    return acted;
  });
  if (json) printJson({ schedules: outcomes });
  for (const { id, outcome } of json ? [] : outcomes) {
    printLine(
      outcome === 'missing' ? `${id}: not in Temporal; "ferry schedules ensure" creates it` : `${id}: ${outcome}`,
    );
  }
  // With --all a missing schedule is no error: it may be switched off.
  return all || outcomes.every(({ outcome }) => outcome === done) ? ExitStatus.done : ExitStatus.failed;
}

function idsOf({ settings, off }: SchedulesConfig): string[] {
  return [...settings.map(({ id }) => id), ...off];
}

/** Includes schedules of upstreams that are no longer configured: these keep running until they are deleted. */
async function knownIds(temporal: TemporalClient, config: SchedulesConfig): Promise<readonly string[]> {
  return [...new Set([...idsOf(config), ...(await listManagedSchedules(temporal)).map(({ id }) => id)])];
}

function stateOf({ exists, paused, note }: ScheduleView, when: string): string {
  if (!exists) return when === 'off' ? 'off' : 'missing';
  if (!paused) return 'active';
  return note === undefined ? 'paused' : `paused: ${note}`;
}

function inIso({ last, next, ...view }: ScheduleView) {
  const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
  return {
    ...view,
    last: last === undefined ? undefined : { ...last, at: iso(last.at) },
    next: next.map(iso),
  };
}
