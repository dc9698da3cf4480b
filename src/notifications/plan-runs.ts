/** Sync runs that ended with failures. */
import type { NotificationPlan } from '../database/notification-plan-store.js';
import { namesShown } from '../domain/notifications/notification.js';
import { messagesFor } from './outgoing.js';
import type { PlanOptions } from './plan-options.js';

type FinishedRun = Awaited<ReturnType<NotificationPlan['finishedRuns']>>[number];

/**
 * One message for each run with failures, without what incidents already say to the same channel: 300 images that fail
 * because one target is away are one message, and not another one of each run.
 */
export async function planRuns(
  plan: NotificationPlan,
  runs: readonly FinishedRun[],
  { settings }: PlanOptions,
): Promise<void> {
  const open = new Map((await plan.openIncidents()).map(({ id, kind }) => [id, kind]));
  for (const { isCancelled, ...run } of runs) {
    await plan.noteConsideredRun(run.id);
    const failed = await plan.openImagesOfRun(run.id);
    if (isCancelled || (failed.length === 0 && run.failure === undefined)) continue;
    const memberships = await plan.memberships(failed);
    for (const channel of settings.channels) {
      if (!channel.kinds.includes('run')) continue;
      const covered = new Set(
        memberships.flatMap(({ image, incident }) => {
          const kind = open.get(incident);
          return kind !== undefined && channel.kinds.includes(kind) ? [image] : [];
        }),
      );
      const uncovered = failed.filter((image) => !covered.has(image));
      if (uncovered.length === 0 && run.failure === undefined) continue;
      const { id, ...counts } = run;
      const facts = { about: 'run', run: id, ...counts, first: uncovered.slice(0, namesShown) } as const;
      await plan.add(messagesFor(settings, facts, { among: [channel.name] }));
    }
  }
}
