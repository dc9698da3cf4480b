import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';

import type {
  AuditActivities,
  BatchActivities,
  CopyActivities,
  DockerActivities,
  FetchActivities,
  ImageActivities,
  NotificationActivities,
  RunActivities,
  RequestActivities,
  RollbackActivities,
  TagActivities,
} from '../contract/activity-types.js';
import { TaskQueue } from '../contract/task-queues.js';

/** None of these policies limits the attempts. For the database, and for what must not be lost. */
const untilDone = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' } as const;
/** For requests to registries and GitHub. */
const gently = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' } as const;
/** For copies, which return faults as values: only crashes are tried again. */
const afterCrash = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '1m' } as const;

/** The database answers immediately or not at all, so a dead worker costs only ten seconds. Retried without limit. */
export const database = proxyActivities<
  Pick<RunActivities, 'beginRun' | 'recordFault' | 'finishRun'> &
    Pick<AuditActivities, 'beginAudit' | 'finishAudit'> &
    Pick<RollbackActivities, 'requestRollback' | 'readRollback'>
>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '10s',
  retry: untilDone,
});

/**
 * All rows of one request, in a few statements. Each may take seconds on a remote database; heartbeats distinguish that
 * from a dead worker. Retried without limit.
 */
export const manyRows = proxyActivities<
  Pick<RunActivities, 'findPending'> &
    Pick<ImageActivities, 'recordImage'> &
    Pick<RequestActivities, 'addImages'> &
    Pick<FetchActivities, 'recordFinding'>
>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '10m',
  heartbeatTimeout: '10s',
  retry: untilDone,
});

/** Deletes old history in batches. After five attempts the rest waits for the next run. */
export const pruning = proxyActivities<Pick<RunActivities, 'pruneHistory'>>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '10m',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumAttempts: 5 },
});

/** One page of HEAD requests: minutes on a slow registry. Heartbeats distinguish a dead worker from a slow one. */
export const adoption = proxyActivities<Pick<RunActivities, 'adoptPresent'>>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '30m',
  heartbeatTimeout: '10s',
  retry: gently,
});

/** One page of HEAD requests to the sources. */
export const tagChecks = proxyActivities<TagActivities>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '30m',
  heartbeatTimeout: '10s',
  retry: gently,
});

/** A few HEAD and small GET requests with the client's own retries. Final failures are returned as values. */
export const metadata = proxyActivities<Pick<ImageActivities, 'planImage'>>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '15m',
  heartbeatTimeout: '10s',
  retry: gently,
});

/**
 * Small images share an activity, which may take minutes on a slow line. The next attempt continues after the images that
 * were recorded. Attempts are not limited, so that crashes do not count against the images.
 */
export const batches = proxyActivities<BatchActivities>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '12h',
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: afterCrash,
});

/**
 * A transfer may take half a day. A dead worker is detected after ten seconds by its heartbeats. The next attempt finds
 * finished blobs by HEAD. Attempts are not limited, so that crashes do not count against an image.
 */
export const copying = proxyActivities<CopyActivities>({
  taskQueue: TaskQueue.copy,
  startToCloseTimeout: '12h',
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: afterCrash,
});

/**
 * A daemon keeps its layers, so layers that were pulled or pushed before a crash are not transferred again. Copies may wait
 * in the queue while daemons are busy with large images. If the last worker with a daemon stops, a queued copy times out
 * after an hour, so that the run can end.
 */
export const dockerCopying = proxyActivities<DockerActivities>({
  taskQueue: TaskQueue.docker,
  scheduleToStartTimeout: '1h',
  startToCloseTimeout: '12h',
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: afterCrash,
});

/** A trigger must never be lost: retried without limit. */
export const requests = proxyActivities<Pick<RequestActivities, 'requestSync' | 'requestSyncAt'>>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '30s',
  retry: untilDone,
});

/**
 * A few requests to GitHub or pages of a registry's tags, each with the client's own retries. Temporary faults are returned
 * as values, and the workflow sleeps.
 */
export const upstreamCheck = proxyActivities<Pick<FetchActivities, 'checkUpstream'>>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '15m',
  heartbeatTimeout: '10s',
  retry: gently,
});

/**
 * Reads of the database, and requests to platforms, which wait for the rate of a channel for up to half a minute. A dead
 * worker is detected after ten seconds by its heartbeats. Retried without limit: nothing that is in the outbox is lost.
 */
export const notifying = proxyActivities<NotificationActivities>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '5m',
  heartbeatTimeout: '10s',
  retry: untilDone,
});

/**
 * One page of requests to the targets, as slow as the rate of the configuration makes them. Heartbeats distinguish a dead
 * worker from a slow page.
 */
export const audits = proxyActivities<Pick<AuditActivities, 'auditCopies'>>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '6h',
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: gently,
});

/** Some requests to registries, for the contents of one image. Faults of registries are returned as values. */
export const rollbackChecks = proxyActivities<Pick<RollbackActivities, 'prepareRollback'>>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '15m',
  heartbeatTimeout: '10s',
  retry: gently,
});
