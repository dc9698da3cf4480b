import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';

import type {
  CopyActivities,
  DockerActivities,
  FetchActivities,
  ImageActivities,
  RunActivities,
  RequestActivities,
  TagActivities,
} from '../contract/activity-types.js';
import { TaskQueue } from '../contract/task-queues.js';

/** The database answers at once or not at all: a worker that died there costs ten seconds. Retried for ever. */
export const database = proxyActivities<Pick<RunActivities, 'beginRun' | 'recordFault' | 'finishRun'>>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '10s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

/**
 * As many rows as a person or an upstream has asked for at once, in a few statements each of which a distant database
 * may take seconds for; the heartbeats tell a dead worker from that. Retried for ever.
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
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** Months of history at most, in batches; what five tries leave is left to the next run. */
export const pruning = proxyActivities<Pick<RunActivities, 'pruneHistory'>>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '10m',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumAttempts: 5 },
});

/** A page of HEADs at most: minutes on a slow registry, and its heartbeats tell a dead worker from a slow one. */
export const adoption = proxyActivities<Pick<RunActivities, 'adoptPresent'>>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '30m',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** A page of HEADs at the sources. */
export const tagChecks = proxyActivities<TagActivities>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '30m',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** Some HEADs and small GETs with the client's own retries; what fails for good comes back as a value. */
export const metadata = proxyActivities<Pick<ImageActivities, 'planImage'>>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '15m',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/**
 * A transfer may take half a day; a worker that dies in it is missed after ten seconds. The next attempt finds
 * finished blobs by HEAD, so attempts are not limited: crashes must not use up an image's chances.
 */
export const copying = proxyActivities<CopyActivities>({
  taskQueue: TaskQueue.copy,
  startToCloseTimeout: '12h',
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '1m' },
});

/**
 * A daemon keeps the layers that it has: what an attempt before a crash pulled or pushed does not move again. Copies are
 * queued legitimately while other images, which may be gigabytes, keep the daemons busy; but nobody may come for those
 * that are queued, or tried again, when the last worker with a daemon goes away: they cost the run an hour, not its end.
 */
export const dockerCopying = proxyActivities<DockerActivities>({
  taskQueue: TaskQueue.docker,
  scheduleToStartTimeout: '1h',
  startToCloseTimeout: '12h',
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** A trigger must never be lost: retried for ever. */
export const requests = proxyActivities<Pick<RequestActivities, 'requestSync' | 'requestSyncAt'>>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '30s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

/**
 * Some requests to GitHub or pages of a registry's tags, each with the client's own retries: what passes by itself comes
 * back as a value, and the workflow sleeps.
 */
export const upstreamCheck = proxyActivities<Pick<FetchActivities, 'checkUpstream'>>({
  taskQueue: TaskQueue.main,
  startToCloseTimeout: '15m',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});
