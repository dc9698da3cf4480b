/** Task queues that no worker polls, and schedules that did not run: incidents without images. */
import type { NotificationPlan, NotificationPlanStore } from '../database/notification-plan-store.js';
import type { IncidentCode } from '../domain/notifications/notification.js';
import type { NotificationSettings } from '../domain/notifications/settings.js';
import { announceOpen, endIncident } from './incident-messages.js';

/** What a watch has seen. Times in UTC milliseconds. */
export type Observation =
  | { readonly of: 'queue'; readonly name: string; readonly isServed: boolean }
  | {
      readonly of: 'schedule';
      readonly name: string;
      readonly exists: boolean;
      /** A person wants it so. */
      readonly isPaused: boolean;
      readonly lastAt?: number | undefined;
      readonly nextAt?: number | undefined;
    };

interface Silence {
  readonly what: string;
  readonly code: Extract<IncidentCode, 'worker-silent' | 'schedule-silent' | 'schedule-missing'>;
  /** Absent: it is not silent. */
  readonly since?: number | undefined;
}

const scope = 'watch';

/** Several processes may watch: whichever sees a silence first opens the incident, and the first one after it ends it. */
export async function planSilence(
  store: NotificationPlanStore,
  settings: NotificationSettings,
  observations: readonly Observation[],
): Promise<void> {
  await store.inTurn(async (plan) => {
    const open = await plan.openIncidents();
    for (const observation of observations) {
      for (const { what, code, since } of await silencesOf(plan, observation)) {
        const incident = open.find((one) => one.scope === scope && one.key === `${code}|${what}`);
        if (since === undefined && incident !== undefined) await endIncident(plan, settings, incident);
        if (since !== undefined && incident === undefined) {
          const blank = { scope, kind: 'silent', reason: '', isShared: true, images: [] } as const;
          await plan.openIncident({ ...blank, key: `${code}|${what}`, code, what, openedAt: since });
        }
      }
    }
    for (const incident of await plan.openIncidents()) {
      if (incident.scope !== scope || incident.announcedAt !== undefined) continue;
      if (plan.now - incident.openedAt < settings.silentMs) continue;
      await announceOpen(plan, settings, incident);
    }
  });
}

async function silencesOf(plan: NotificationPlan, observation: Observation): Promise<readonly Silence[]> {
  if (observation.of === 'queue') {
    const { name, isServed } = observation;
    return [{ what: name, code: 'worker-silent', since: isServed ? undefined : plan.now }];
  }
  const { name, exists, isPaused } = observation;
  return [
    { what: name, code: 'schedule-missing', since: exists ? undefined : plan.now },
    {
      what: name,
      code: 'schedule-silent',
      since: exists && !isPaused ? await overdueSince(plan, observation) : undefined,
    },
  ];
}

/** When a schedule was due that has not run since; each observation remembers the next time that Temporal has planned. */
async function overdueSince(
  plan: NotificationPlan,
  { name, lastAt = 0, nextAt }: Extract<Observation, { of: 'schedule' }>,
): Promise<number | undefined> {
  const cursor = `due ${name}`;
  const due = (await plan.cursor(cursor))?.position;
  if (due !== undefined && due < plan.now && lastAt < due) return due;
  if (nextAt !== undefined && nextAt !== due) await plan.moveCursor(cursor, { position: nextAt });
  return undefined;
}
