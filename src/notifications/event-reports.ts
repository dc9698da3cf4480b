/** What state changes say about incidents. */
import { causesOf } from '../domain/notifications/image-causes.js';
import type { CopyStanding } from '../domain/notifications/image-causes.js';
import type { ImageReport } from '../domain/notifications/incidents.js';
import type { ImageState, StateEvent } from '../domain/state-change.js';

/** Scope of incidents that sync runs report. */
export const runScope = 'run';
/** Scope of releases: an image leaves it when it is on all of its targets. */
export const releaseScope = 'release';

/** End of the key of a cause that concerns copies of other programs. */
const ofOthers = '|adopted';

const ofAudits: ReadonlySet<string> = new Set(['drift-lost', 'drift-changed', 'healed']);
const ofHolds: ReadonlySet<string> = new Set(['rolled-back', 'released']);

/**
 * One report for each image and scope, in the order of the last changes. The copies are read after the events: they may be
 * newer, and later events then change nothing.
 *
 * @param targets names of the configured ones
 */
export function reportsOf(
  events: readonly StateEvent[],
  copies: ReadonlyMap<string, readonly CopyStanding[]>,
  targets: readonly string[],
): readonly ImageReport[] {
  const reports: (ImageReport & { readonly order: number })[] = events.flatMap(auditReport);
  const byImage = new Map<string, StateEvent[]>();
  for (const event of events) {
    if (ofAudits.has(event.kind) || ofHolds.has(event.kind)) continue;
    const known = byImage.get(event.image);
    if (known === undefined) byImage.set(event.image, [event]);
    else known.push(event);
  }
  for (const [image, own] of byImage) {
    const last = own.at(-1);
    if (last === undefined) continue;
    const whole = own.findLast(({ target }) => target === undefined);
    const { at, run, id: order } = whole ?? last;
    const causes = causesOf({
      image,
      whole: whole && { state: whole.to as ImageState, code: whole.code, reason: whole.reason },
      copies: (copies.get(image) ?? []).filter(({ target }) => targets.includes(target)),
    });
    if (causes !== undefined) reports.push({ image, scope: runScope, causes, at, run, order });
    if (whole?.to === 'pushed' || whole?.to === 'withdrawn') {
      reports.push({ image, scope: releaseScope, causes: [], at, run, order });
    }
    // No audit checks its copies any more.
    if (whole?.to === 'withdrawn') {
      for (const target of targets) reports.push({ image, scope: auditScope(target), causes: [], at, run, order });
    }
  }
  return reports.toSorted((a, b) => a.order - b.order);
}

/**
 * Whether an incident is over as soon as people were notified of it: another program has moved its own tag, and what it
 * points to now is the copy.
 */
export function isOverAtOnce({ key }: { readonly key: string }): boolean {
  return key.endsWith(ofOthers);
}

function auditScope(target: string): string {
  return `audit ${target}`;
}

function auditReport({
  id: order,
  kind,
  image,
  target,
  to,
  at,
  run,
  who,
  reason = '',
}: StateEvent): (ImageReport & { readonly order: number })[] {
  if (target === undefined) return [];
  const scope = auditScope(target);
  if (kind !== 'drift-lost' && kind !== 'drift-changed') {
    return kind === 'healed' || to === 'pushed' ? [{ image, scope, causes: [], at, run, order }] : [];
  }
  const cause = {
    kind: 'drift',
    target,
    code: kind,
    reason,
    key: `drift|target ${target}|${kind}${to === 'adopted' ? ofOthers : ''}`,
    isShared: false,
  } as const;
  // Copies that one audit finds are one message; those of the next audit are another one.
  return [
    {
      image,
      scope,
      causes: [cause],
      at,
      run: run ?? who ?? `audit of ${new Date(at).toISOString().slice(0, 10)}`,
      order,
    },
  ];
}
