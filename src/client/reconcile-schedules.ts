import type { ScheduleDescription } from '@temporalio/client';
import { ScheduleAlreadyRunning } from '@temporalio/client';

import type { ScheduleSetting } from '../domain/schedule-timing.js';
import type { TemporalClient } from './connect.js';
import { describe, listManagedSchedules } from './managed-schedules.js';
import { isAsWanted, madeBy, scheduleOptions } from './schedule-options.js';
import { deleteSchedule } from './schedule-actions.js';

export interface ReconciledSchedule {
  readonly id: string;
  /** `left`: it is not as this configuration wants it, and another one's affair. */
  readonly outcome: 'created' | 'corrected' | 'unchanged' | 'deleted' | 'left';
  /** Why it was left, and what to do where that is wrong. */
  readonly reason?: string;
}

export interface WantedSchedules {
  readonly settings: readonly ScheduleSetting[];
  /** Those that are switched off. */
  readonly off: readonly string[];
  /** Path of the file that this was read from; absent: the standard, without a file. */
  readonly configuration?: string;
}

/**
 * Makes the schedules be what they should be: creates, corrects, deletes those that are switched off and those of
 * upstreams that its own file no longer has. What another file asked for is left to it, so that processes with different
 * files do not turn a schedule back and forth, and one without a file touches none that a file made. Any number of
 * processes may do so at once, and one that is paused stays paused.
 *
 * @param options.takesOver a person asks: what this file names becomes its own, whoever made it
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
          state: { paused, ...(note === undefined ? {} : { note }) },
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
      // Another process was quicker, perhaps, while a fleet is being renewed, with another configuration.
      if (error instanceof ScheduleAlreadyRunning) return await ensure(setting);
      throw error;
    }
  }

  /** @returns nothing of one that another process has just deleted */
  async function end(id: string, others: string | undefined): Promise<readonly ReconciledSchedule[]> {
    if (others !== undefined) return [left(id, others)];
    return (await deleteSchedule(temporal, id)) ? [{ id, outcome: 'deleted' }] : [];
  }

  /** The file that a schedule belongs to, where it is not ours to change. */
  function othersFile(found: ScheduleDescription): string | undefined {
    const maker = madeBy(found);
    if (maker === undefined || maker === configuration) return undefined;
    return takesOver && configuration !== undefined ? undefined : maker;
  }
}

function left(id: string, maker: string): ReconciledSchedule {
  const reason = `it was made by another configuration (${maker}): "ferry schedules ensure" with the ferry.yaml that is to count, or "ferry schedules delete ${id}", changes that`;
  return { id, outcome: 'left', reason };
}
