/** Turns state changes into incidents, and incidents into messages in the outboxes of channels. */
import type { NotificationPlan, NotificationPlanStore } from '../database/notification-plan-store.js';
import { announcedAt } from '../domain/notifications/announce-time.js';
import { causesOf } from '../domain/notifications/image-causes.js';
import { foldReports } from '../domain/notifications/incidents.js';
import type { ImageReport } from '../domain/notifications/incidents.js';
import { isOverAtOnce, releaseScope, reportsOf, runScope } from './event-reports.js';
import { announceOpen, endIncident } from './incident-messages.js';
import { planAudits } from './plan-audits.js';
import type { PlanOptions } from './plan-options.js';
import { endReleases, findReleases } from './plan-releases.js';
import { planRuns } from './plan-runs.js';

export interface Planned {
  /** In how many milliseconds an open incident has to be announced; absent: none is waiting. */
  readonly nextInMs?: number | undefined;
}

const eventsPerTurn = 1_000;
const membersPerPage = 500;

/**
 * Reads what has changed since the last call. The first call of an installation only remembers where it begins: people are
 * not notified of what is long over.
 */
export async function planNotifications(store: NotificationPlanStore, options: PlanOptions): Promise<Planned> {
  for (;;) {
    options.signal?.throwIfAborted();
    const turn = await store.inTurn(async (plan) => await planTurn(plan, options));
    if (!turn.hasMore) return turn;
  }
}

async function planTurn(
  plan: NotificationPlan,
  options: PlanOptions,
): Promise<Planned & { readonly hasMore: boolean }> {
  const begin = await plan.cursor('events');
  if (begin === undefined) {
    await plan.moveCursor('events', { position: await plan.newestEvent() });
    await plan.moveCursor('runs', { position: plan.now });
    await planAudits(plan, options);
    await findReleases(plan, options, { isFirst: true });
    return { hasMore: false };
  }
  // By what is left to consider, not by how far was read: a long transaction may commit events with older IDs at any time.
  const events = await plan.events(begin.position, eventsPerTurn);
  if (events.length > 0) {
    const images = [...new Set(events.map(({ image }) => image))];
    await report(plan, reportsOf(events, await plan.copiesOf(images), options.targets), options);
    await plan.noteConsidered(events);
  }
  if (events.length === eventsPerTurn) return { hasMore: true };
  const runs = await plan.finishedRuns((await plan.cursor('runs'))?.position ?? plan.now);
  if (runs.length > 0) {
    await checkMembers(plan, options);
    await planRuns(plan, runs, options);
  }
  await planAudits(plan, options);
  await findReleases(plan, options, { isFirst: false });
  return { hasMore: false, nextInMs: await announce(plan, options) };
}

/** Folds reports into incidents, and ends those that have lost their last image. */
async function report(plan: NotificationPlan, reports: readonly ImageReport[], options: PlanOptions): Promise<void> {
  if (reports.length === 0) return;
  const images = [...new Set(reports.map(({ image }) => image))];
  const open = await plan.openIncidents();
  const memberships = await plan.memberships(images);
  const shrunk = await plan.apply(foldReports(reports, { open, memberships }));
  for (const id of shrunk) {
    const incident = open.find((one) => one.id === id);
    if (incident === undefined || (await plan.imagesOf(id)).images > 0) continue;
    if (incident.scope !== releaseScope) {
      await endIncident(plan, options.settings, incident);
      continue;
    }
    await plan.end(id);
    if (incident.announcedAt !== undefined) await endReleases(plan, incident, options);
  }
}

/** An image may be open for another cause now without a change of state: checked for all when a run has ended. */
async function checkMembers(plan: NotificationPlan, options: PlanOptions): Promise<void> {
  for (let after = ''; ;) {
    const images = await plan.memberImages({ scope: runScope, after, limit: membersPerPage });
    const copies = await plan.copiesOf(images);
    const reports = images.flatMap((image): ImageReport[] => {
      const own = (copies.get(image) ?? []).filter(({ target }) => options.targets.includes(target));
      // Rows that name no image, and images that no run has tried, have no copies.
      const causes = own.length === 0 ? undefined : causesOf({ image, copies: own });
      return causes === undefined ? [] : [{ image, scope: runScope, causes, at: plan.now }];
    });
    await report(plan, reports, options);
    const last = images.at(-1);
    if (last === undefined || images.length < membersPerPage) return;
    after = last;
  }
}

/** @returns milliseconds until the next announcement */
async function announce(
  plan: NotificationPlan,
  { settings, isLast = false }: PlanOptions,
): Promise<number | undefined> {
  let next = Number.POSITIVE_INFINITY;
  for (const incident of await plan.openIncidents()) {
    const { kind, openedAt, announcedAt: done } = incident;
    // Releases are announced when they are found, and silences by their watch.
    if (done !== undefined || incident.scope === releaseScope || kind === 'silent') continue;
    const dueAt = announcedAt(kind, openedAt, settings.patience);
    // What heals without help is not announced early.
    const isDue = dueAt <= plan.now || (isLast && kind !== 'retrying');
    if (isDue) {
      await announceOpen(plan, settings, incident, await plan.imagesOf(incident.id));
      if (isOverAtOnce(incident)) await plan.end(incident.id);
    } else next = Math.min(next, dueAt);
  }
  return Number.isFinite(next) ? Math.max(0, next - plan.now) : undefined;
}
