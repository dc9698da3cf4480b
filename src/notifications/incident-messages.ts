/** Messages that an incident has begun, and that it is over. */
import type { StoredIncident } from '../database/notification-incidents.js';
import type { NotificationPlan } from '../database/notification-plan-store.js';
import type { IncidentFacts } from '../domain/notifications/notification.js';
import type { NotificationSettings } from '../domain/notifications/settings.js';
import { messagesFor } from './outgoing.js';

/** What an incident is about when it is announced: how many images, and the first of them. */
export type IncidentMembers = Pick<IncidentFacts, 'images' | 'first'>;

const noImages: IncidentMembers = { images: 0, first: [] };

/** Announces an open incident. @param members none: it is about no images */
export async function announceOpen(
  plan: NotificationPlan,
  settings: NotificationSettings,
  incident: StoredIncident,
  members: IncidentMembers = noImages,
): Promise<void> {
  await plan.announce(incident.id, members.images);
  await plan.add(messagesFor(settings, factsOf(incident, members), { incident: incident.id }));
}

/** Ends an incident, and announces that to those who were notified of it. */
export async function endIncident(
  plan: NotificationPlan,
  settings: NotificationSettings,
  incident: StoredIncident,
): Promise<void> {
  await plan.end(incident.id);
  if (incident.announcedAt !== undefined) await announceOver(plan, settings, incident);
}

async function announceOver(
  plan: NotificationPlan,
  settings: NotificationSettings,
  incident: StoredIncident,
): Promise<void> {
  const { id } = incident;
  const facts = { ...factsOf(incident, noImages), phase: 'over', overAt: plan.now } as const;
  await plan.add(messagesFor(settings, facts, { incident: id, among: await plan.channelsOf(id) }));
}

function factsOf(
  { kind, target, source, code, reason, openedAt, what }: StoredIncident,
  { images, first }: IncidentMembers,
): IncidentFacts {
  return { about: 'incident', phase: 'open', kind, target, source, code, reason, what, images, first, openedAt };
}
