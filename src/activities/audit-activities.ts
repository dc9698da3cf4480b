import type { AuditActivities } from '../contract/activity-types.js';
import type { AuditStore } from '../database/audit-store.js';
import { auditPage } from '../planning/audit/audit-page.js';
import type { AuditPorts } from '../planning/audit/audit-page.js';
import { HostPace } from '../planning/audit/host-pace.js';
import { activityIdentity } from './activity-identity.js';
import { activity } from './activity.js';
import { withHeartbeat } from './with-heartbeat.js';

export interface AuditActivityPorts extends Omit<AuditPorts, 'pace'> {
  readonly audits: AuditPorts['audits'] & Pick<AuditStore, 'begin' | 'finish'>;
}

export function createAuditActivities(ports: AuditActivityPorts): AuditActivities {
  const { audits } = ports;
  const pace = new HostPace(ports.audit.requestsPerSecond);
  return {
    beginAudit: activity(async ({ who, scope }) => {
      // The same activity tried again must not begin a second audit.
      const audit = activityIdentity();
      return { audit, ...(await audits.begin({ id: audit, who, scope })) };
    }),
    auditCopies: activity(
      async (query) =>
        await withHeartbeat(undefined, async ({ signal }) => await auditPage({ ...ports, pace }, query, signal)),
    ),
    finishAudit: activity(async ({ audit, summary, failure }) => await audits.finish(audit, { summary, failure })),
  };
}
