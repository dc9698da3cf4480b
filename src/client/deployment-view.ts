import { isGrpcServiceError } from '@temporalio/client';

import type { DeploymentVersion } from '../contract/deployment-version.js';
import { TaskQueue } from '../contract/task-queues.js';
import type { TemporalClient } from './connect.js';
import { describeQueue, isFreshPoll } from './worker-availability.js';

/** gRPC's `NOT_FOUND`: no worker of this deployment has polled yet. */
const notFound = 5;

/** The names that Temporal's command line prints, by the numbers of `WorkerDeploymentVersionStatus`. */
const states = ['unknown', 'inactive', 'current', 'ramping', 'draining', 'drained', 'created'] as const;
export type VersionState = (typeof states)[number];

export interface VersionView {
  readonly buildId: string;
  /** `draining`: not the current one any more, but pinned workflows still run on it; `drained`: none does. */
  readonly state: VersionState;
  /** How many workers poll for its workflow tasks now. */
  readonly workers: number;
  /** Workflows that run on it, and those of them that only a worker of this version can continue. */
  readonly running: number;
  readonly pinned: number;
}

export interface DeploymentView {
  readonly name: string;
  /** Build ID of the version that gets new work; absent: workers without a version get it. */
  readonly current?: string | undefined;
  /** Newest first. */
  readonly versions: readonly VersionView[];
}

/** @returns undefined if no worker of this deployment has ever polled */
export async function showDeployment(temporal: TemporalClient, name: string): Promise<DeploymentView | undefined> {
  const found = await describeDeployment(temporal, name);
  if (found === undefined) return undefined;
  const polling = await pollingBuilds(temporal, name);
  const versions = await Promise.all(
    (found.versionSummaries ?? []).map(async ({ deploymentVersion, status }): Promise<VersionView> => {
      const buildId = deploymentVersion?.buildId ?? '';
      const version = { deploymentName: name, buildId };
      const [running, pinned] = await Promise.all([
        countWorkflows(temporal, runningOn(version)),
        countWorkflows(temporal, pinnedTo(version)),
      ]);
      const workers = polling.filter((build) => build === buildId).length;
      return { buildId, state: states[status ?? 0] ?? 'unknown', workers, running, pinned };
    }),
  );
  return { name, current: currentOf(found), versions };
}

/** What Temporal says of a deployment; undefined if no worker of it has ever polled. */
export async function describeDeployment({ client, withDeadline }: TemporalClient, deploymentName: string) {
  const { namespace } = client.options;
  try {
    const { workerDeploymentInfo, conflictToken } = await withDeadline(
      async () => await client.workflowService.describeWorkerDeployment({ namespace, deploymentName }),
    );
    return { ...workerDeploymentInfo, conflictToken };
  } catch (error) {
    if (isGrpcServiceError(error) && Number(error.code) === notFound) return undefined;
    throw error;
  }
}

/** Build ID of the current version. */
export function currentOf(
  found: Exclude<Awaited<ReturnType<typeof describeDeployment>>, undefined>,
): string | undefined {
  const buildId = found.routingConfig?.currentDeploymentVersion?.buildId;
  return buildId === '' || buildId === null ? undefined : buildId;
}

/** The version that gets the work of the main queue; undefined if workers without a version get it. */
export async function currentVersionOfQueue(temporal: TemporalClient): Promise<DeploymentVersion | undefined> {
  const { versioningInfo } = await describeQueue(temporal, TaskQueue.main);
  const { deploymentName, buildId } = versioningInfo?.currentDeploymentVersion ?? {};
  return deploymentName && buildId ? { deploymentName, buildId } : undefined;
}

/** Query for workflows that only workers of this version can continue. */
export function pinnedTo(version: DeploymentVersion): string {
  return `${runningOn(version)} AND TemporalWorkflowVersioningBehavior = "Pinned"`;
}

function runningOn({ deploymentName, buildId }: DeploymentVersion): string {
  return `TemporalWorkerDeploymentVersion = "${deploymentName}:${buildId}" AND ExecutionStatus = "Running"`;
}

async function countWorkflows({ client, withDeadline }: TemporalClient, query: string): Promise<number> {
  const { count } = await withDeadline(async () => await client.workflow.count(query));
  return count;
}

/** The build ID of each worker that polls now. */
async function pollingBuilds(temporal: TemporalClient, deployment: string): Promise<readonly string[]> {
  const { pollers } = await describeQueue(temporal, TaskQueue.main);
  const byWorker = new Map<string, string>();
  for (const { identity, lastAccessTime, deploymentOptions } of pollers ?? []) {
    if (deploymentOptions?.deploymentName !== deployment || !isFreshPoll(lastAccessTime)) continue;
    byWorker.set(identity ?? '', deploymentOptions.buildId ?? '');
  }
  return [...byWorker.values()];
}
