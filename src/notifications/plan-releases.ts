/** Releases of upstreams: found, and on every target. */
import type { StoredIncident } from '../database/notification-incidents.js';
import type { NotificationPlan } from '../database/notification-plan-store.js';
import { namesShown } from '../domain/notifications/notification.js';
import type { ReleaseFacts } from '../domain/notifications/notification.js';
import { releaseScope } from './event-reports.js';
import { messagesFor } from './outgoing.js';
import type { PlanOptions } from './plan-options.js';

/** What an incident keeps about a release, as JSON in its reason. */
interface KeptRelease {
  readonly upstream: string;
  readonly release: string;
}

/** Announces releases that upstreams have brought since the last call; the first call only remembers them. */
export async function findReleases(
  plan: NotificationPlan,
  options: PlanOptions,
  { isFirst }: { readonly isFirst: boolean },
): Promise<void> {
  for (const { upstream, release } of await plan.handledReleases()) {
    const cursor = `release ${upstream}`;
    const known = await plan.cursor(cursor);
    if (known?.note === release) continue;
    await plan.moveCursor(cursor, { position: plan.now, note: release });
    if (!isFirst) await announceRelease(plan, { upstream, release }, options);
  }
}

async function announceRelease(
  plan: NotificationPlan,
  { upstream, release }: { readonly upstream: string; readonly release: string },
  options: PlanOptions,
): Promise<void> {
  // The release before it is history, whether it was completed or not.
  for (const { id, scope, what } of await plan.openIncidents()) {
    if (scope === releaseScope && what === upstream) await plan.end(id);
  }
  const found = await plan.releaseImages(upstream, release);
  const { all, open } = found;
  if (all.length === 0) return;
  const kept: KeptRelease = { upstream, release };
  const id = await plan.openIncident({
    scope: releaseScope,
    key: `release|${upstream}`,
    kind: 'release',
    code: 'internal',
    reason: JSON.stringify(kept),
    isShared: false,
    what: upstream,
    openedAt: plan.now,
    images: open,
  });
  await plan.announce(id, open.length);
  const facts = factsOf(kept, found, { phase: 'open', openedAt: plan.now, targets: options.targets });
  await plan.add(messagesFor(options.settings, facts, { incident: id }));
  if (open.length > 0) return;
  await plan.end(id);
  await completed(plan, { id, kept, openedAt: plan.now }, options);
}

/** Announces that the last image of a release has reached its targets. */
export async function endReleases(
  plan: NotificationPlan,
  incident: StoredIncident,
  options: PlanOptions,
): Promise<void> {
  const { id, openedAt, reason } = incident;
  await completed(plan, { id, kept: JSON.parse(reason) as KeptRelease, openedAt }, options);
}

async function completed(
  plan: NotificationPlan,
  { id, kept, openedAt }: { readonly id: number; readonly kept: KeptRelease; readonly openedAt: number },
  { settings, targets }: PlanOptions,
): Promise<void> {
  const found = await plan.releaseImages(kept.upstream, kept.release);
  const fresh = [...found.added, ...found.changed];
  const bytes = fresh.length === 0 ? undefined : await plan.bytesOfImages(fresh);
  const facts = { ...factsOf(kept, found, { phase: 'over', openedAt, targets }), bytes, overAt: plan.now };
  await plan.add(messagesFor(settings, facts, { incident: id, among: await plan.channelsOf(id) }));
}

function factsOf(
  { upstream, release }: KeptRelease,
  { all, added, changed, targets: own }: Awaited<ReturnType<NotificationPlan['releaseImages']>>,
  { phase, openedAt, targets }: Pick<ReleaseFacts, 'phase' | 'openedAt' | 'targets'>,
): ReleaseFacts {
  const chosen = targets.filter((target) => own?.includes(target) ?? true);
  return {
    about: 'release',
    phase,
    upstream,
    release,
    images: all.length,
    added: added.length,
    changed: changed.length,
    first: [...new Set([...added, ...changed, ...all])].slice(0, namesShown),
    openedAt,
    targets: chosen.length === 0 ? targets : chosen,
  };
}
