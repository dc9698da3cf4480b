import { ScheduleAlreadyRunning } from '@temporalio/client';
import type { ScheduleDescription } from '@temporalio/client';

import type { ScheduleSetting } from '../domain/schedule-timing.js';
import type { TemporalClient } from './connect.js';
import { describe, listManagedSchedules } from './managed-schedules.js';
import { deleteSchedule } from './schedule-actions.js';
import { isAsWanted, madeBy, scheduleOptions } from './schedule-options.js';

export interface ReconciledSchedule {
  readonly id: string;
  /** `left`: it differs from this configuration but belongs to another one. */
  readonly outcome: 'created' | 'corrected' | 'unchanged' | 'deleted' | 'left';
  /** Why it was left unchanged, and what to do if that is wrong. */
  readonly reason?: string | undefined;
}

export interface WantedSchedules {
  readonly settings: readonly ScheduleSetting[];
  /** IDs of schedules that are switched off. */
  readonly off: readonly string[];
  /** Path of the configuration file; absent for the defaults without a file. */
  readonly configuration?: string | undefined;
}

/**
 * Creates and corrects schedules, and deletes those that are switched off or whose upstream was removed from their own
 * file. A schedule of another configuration file is left unchanged, so that processes with different files do not
 * overwrite each other's schedules, and a process without a file changes none that a file created. Several processes
 * may reconcile at once. A paused schedule stays paused.
 *
 * @param options.takesOver set by `ferry schedules ensure` and `ferry up`: schedules named in this file become its own,
 * also those that another file created
 */
export async function reconcileSchedules(
  temporal: TemporalClient,
  wanted: WantedSchedules,
  { takesOver = false }: { readonly takesOver?: boolean } = {},
): Promise<ReconciledSchedule[]> {
  const { settings, off, configuration } = wanted;
  const ensured: ReconciledSchedule[] = [];
  for (const setting of settings) ensured.push(await ensure(setting));
  for (const id of off) {
    const found = await describe(temporal, id);
    if (found !== undefined) ensured.push(...(await end(id, othersFile(found))));
  }
  const named = new Set([...settings.map(({ id }) => id), ...off]);
  for (const { id, madeBy: maker } of await listManagedSchedules(temporal)) {
    if (named.has(id)) continue;
    const isOurs = configuration !== undefined && maker === configuration;
    ensured.push(...(await end(id, isOurs ? undefined : (maker ?? 'a process without one'))));
  }
  return ensured;

  async function ensure(setting: ScheduleSetting): Promise<ReconciledSchedule> {
    const { id } = setting;
    const options = scheduleOptions(setting, configuration);
    const found = await describe(temporal, id);
    if (found === undefined) return await create(setting);
    if (isAsWanted(found, options)) return { id, outcome: 'unchanged' };
    const others = othersFile(found);
    if (others !== undefined) return left(id, others);
    const handle = temporal.client.schedule.getHandle(id);
    await temporal.withDeadline(
      async () =>
        await handle.update(({ state: { paused, note } }) => ({
          ...options,
          state: { paused, note },
        })),
    );
    return { id, outcome: 'corrected' };
  }

  async function create(setting: ScheduleSetting): Promise<ReconciledSchedule> {
    const { client, withDeadline } = temporal;
    const { id } = setting;
    try {
      const options = scheduleOptions(setting, configuration);
      await withDeadline(async () => await client.schedule.create({ scheduleId: id, ...options }));
      return { id, outcome: 'created' };
    } catch (error) {
      // Another process, perhaps with another configuration, has created it in the meantime.
      if (error instanceof ScheduleAlreadyRunning) return await ensure(setting);
      throw error;
    }
  }

  /** @returns nothing if another process has just deleted it */
  async function end(id: string, others: string | undefined): Promise<readonly ReconciledSchedule[]> {
    if (others !== undefined) return [left(id, others)];
    return (await deleteSchedule(temporal, id)) ? [{ id, outcome: 'deleted' }] : [];
  }

  /** The other file that a schedule belongs to, if it must not be changed here. */
  function othersFile(found: ScheduleDescription): string | undefined {
    const maker = madeBy(found);
    if (maker === undefined || maker === configuration) return undefined;
    return takesOver && configuration !== undefined ? undefined : maker;
  }
}

function left(id: string, maker: string): ReconciledSchedule {
  const reason = `it was created by another configuration (${maker}): run "ferry schedules ensure" with the right ferry.yaml, or "ferry schedules delete ${id}"`;
  return { id, outcome: 'left', reason };
}
