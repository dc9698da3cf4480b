/** Audits that ended early: an incident without images, until an audit of every target has run to its end. */
import type { NotificationPlan } from '../database/notification-plan-store.js';
import { endIncident } from './incident-messages.js';
import type { PlanOptions } from './plan-options.js';

const cursor = 'audits';
const scope = 'audits';
const code = 'audit-failed';

/** Considers the audits that have ended since the last call. The first call only remembers where it begins. */
export async function planAudits(plan: NotificationPlan, { settings }: PlanOptions): Promise<void> {
  const begin = await plan.cursor(cursor);
  if (begin === undefined) {
    await plan.moveCursor(cursor, { position: plan.now });
    return;
  }
  for (const { finishedAt, failure, summary, scope: audited } of await plan.finishedAudits(begin.position)) {
    await plan.moveCursor(cursor, { position: finishedAt });
    // One of some targets says nothing about the others, and who cancels an audit knows it.
    if (audited.targets !== undefined || summary.cancelled === true) continue;
    const incident = (await plan.openIncidents()).find((one) => one.scope === scope);
    if (failure !== undefined && incident === undefined) {
      const blank = { scope, key: code, kind: 'drift', isShared: true, images: [] } as const;
      await plan.openIncident({ ...blank, code, reason: failure, openedAt: finishedAt });
    }
    if (failure === undefined && incident !== undefined) await endIncident(plan, settings, incident);
  }
}
