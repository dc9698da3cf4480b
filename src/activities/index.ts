import type {
  AuditActivities,
  CopyActivities,
  DockerActivities,
  FetchActivities,
  MainActivities,
  NotificationActivities,
  RollbackActivities,
} from '../contract/activity-types.js';
import { createAuditActivities } from './audit-activities.js';
import type { AuditActivityPorts } from './audit-activities.js';
import { createCopyActivities } from './copy-activities.js';
import type { TransferPorts } from './copy-activities.js';
import { createDockerActivities } from './docker-activities.js';
import type { DockerPorts } from './docker-activities.js';
import { createFetchActivities } from './fetch-activities.js';
import type { FetchPorts } from './fetch-activities.js';
import { createImageActivities } from './image-activities.js';
import type { ImagePorts } from './image-activities.js';
import { createNotificationActivities } from './notification-activities.js';
import type { NotificationPorts } from './notification-activities.js';
import { createRequestActivities } from './request-activities.js';
import type { RequestPorts } from './request-activities.js';
import { createRollbackActivities } from './rollback-activities.js';
import type { RollbackActivityPorts } from './rollback-activities.js';
import { createRunActivities } from './run-activities.js';
import type { RunPorts } from './run-activities.js';
import { createTagActivities } from './tag-activities.js';
import type { TagPorts } from './tag-activities.js';

/** What workers of the queue `ferry` serve, with {@link createUpstreamActivities}. */
export function createMainActivities(ports: RunPorts & TagPorts & ImagePorts & RequestPorts): MainActivities {
  return {
    ...createRunActivities(ports),
    ...createTagActivities(ports),
    ...createImageActivities(ports),
    ...createRequestActivities(ports),
  };
}

/** Audits and rollbacks, for the queue `ferry`. */
export function createUpkeepActivities(
  ports: AuditActivityPorts & RollbackActivityPorts,
): AuditActivities & RollbackActivities {
  return { ...createAuditActivities(ports), ...createRollbackActivities(ports) };
}

export function createUpstreamActivities(ports: FetchPorts): FetchActivities {
  return createFetchActivities(ports);
}

export function createNotifyingActivities(ports: NotificationPorts): NotificationActivities {
  return createNotificationActivities(ports);
}

/** What workers of the queue `ferry-copy` serve. */
export function createTransferActivities(ports: TransferPorts): CopyActivities {
  return createCopyActivities(ports);
}

/** What workers of the queue `ferry-docker` serve. */
export function createDaemonActivities(ports: DockerPorts): DockerActivities {
  return createDockerActivities(ports);
}
