/** Which incident an image belongs to: one for each cause, as long as an image has it. */
import type { IncidentCode, CausePlace, NotificationKind } from './notification.js';

/** A cause, from an image's standing or from an audit. */
export interface IncidentCause extends CausePlace {
  readonly kind: NotificationKind;
  readonly code: IncidentCode;
  readonly reason: string;
  /** Identifies the cause: kind, place and code. */
  readonly key: string;
  /** It concerns a registry as a whole: images that fail later belong to the same incident. */
  readonly isShared: boolean;
}

export interface OpenIncident {
  readonly id: number;
  readonly key: string;
  readonly isShared: boolean;
  /** The sync run that opened it. */
  readonly run?: string | undefined;
}

/** The causes that an image has now. */
export interface ImageReport {
  readonly image: string;
  /** Only incidents of this scope are concerned: those of sync runs, or of audits of a target. */
  readonly scope: string;
  readonly causes: readonly IncidentCause[];
  readonly at: number;
  readonly run?: string | undefined;
}

/** An image in an open incident. */
export interface Membership {
  readonly image: string;
  readonly incident: number;
  readonly scope: string;
}

export interface NewIncident {
  readonly cause: IncidentCause;
  readonly scope: string;
  readonly at: number;
  readonly run?: string | undefined;
  readonly images: readonly string[];
}

export interface IncidentChanges {
  readonly opened: readonly NewIncident[];
  readonly joined: readonly { readonly incident: number; readonly image: string }[];
  readonly left: readonly { readonly incident: number; readonly image: string }[];
}

/**
 * Folds reports, the oldest first, into the open incidents. An image joins the incident of its cause if the cause concerns
 * a whole registry, or if the same run opened it. Otherwise it opens another one: an image that is blocked today is not
 * hidden behind one of last month.
 */
export function foldReports(
  reports: readonly ImageReport[],
  { open, memberships }: { readonly open: readonly OpenIncident[]; readonly memberships: readonly Membership[] },
): IncidentChanges {
  const known = new Map(open.map((incident) => [incident.id, incident]));
  const fresh: (Omit<NewIncident, 'images'> & { readonly images: Set<string> })[] = [];
  const inside = new Map<string, Set<number>>();
  for (const { image, incident, scope } of memberships) membersOf(inside, scope, image).add(incident);
  const joined = new Map<string, { incident: number; image: string }>();
  const left = new Map<string, { incident: number; image: string }>();

  for (const { image, scope, causes, at, run } of reports) {
    const keys = new Set(causes.map(({ key }) => key));
    const present = membersOf(inside, scope, image);
    const covered = new Set<string>();
    for (const id of present) {
      const key = known.get(id)?.key;
      if (key !== undefined && keys.has(key)) covered.add(key);
      else leave(id, image, present);
    }
    for (const incident of fresh) {
      if (incident.scope !== scope || !incident.images.has(image)) continue;
      if (keys.has(incident.cause.key)) covered.add(incident.cause.key);
      else incident.images.delete(image);
    }
    for (const cause of causes) {
      if (covered.has(cause.key)) continue;
      const existing = [...known.values()].find((one) => one.key === cause.key && isJoinable(one, run));
      const made = fresh.find(
        (one) =>
          one.scope === scope && one.cause.key === cause.key && isJoinable({ ...one, isShared: cause.isShared }, run),
      );
      if (existing !== undefined) join(existing.id, image, present);
      else if (made === undefined) fresh.push({ cause, scope, at, run, images: new Set([image]) });
      else made.images.add(image);
    }
  }
  const opened = fresh.filter(({ images }) => images.size > 0).map((one) => ({ ...one, images: [...one.images] }));
  return { opened, joined: [...joined.values()], left: [...left.values()] };

  function leave(incident: number, image: string, present: Set<number>): void {
    present.delete(incident);
    if (!joined.delete(`${incident} ${image}`)) left.set(`${incident} ${image}`, { incident, image });
  }

  function join(incident: number, image: string, present: Set<number>): void {
    present.add(incident);
    if (!left.delete(`${incident} ${image}`)) joined.set(`${incident} ${image}`, { incident, image });
  }
}

function isJoinable(
  { isShared, run: opener }: Pick<OpenIncident, 'isShared' | 'run'>,
  run: string | undefined,
): boolean {
  return isShared || (run !== undefined && opener === run);
}

function membersOf(inside: Map<string, Set<number>>, scope: string, image: string): Set<number> {
  const key = `${scope} ${image}`;
  const known = inside.get(key) ?? new Set<number>();
  inside.set(key, known);
  return known;
}
