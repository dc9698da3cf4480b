import { setTimeout as sleep } from 'node:timers/promises';

import { isGrpcServiceError } from '@temporalio/client';

import type { DeploymentVersion } from '../contract/deployment-version.js';
import { FerryError } from '../domain/ferry-error.js';
import type { TemporalClient } from './connect.js';
import { currentOf, describeDeployment, pinnedTo } from './deployment-view.js';

/** gRPC's `NOT_FOUND` and `FAILED_PRECONDITION`: Temporal has not seen workers of this version for all task queues yet. */
const notYet: ReadonlySet<number> = new Set([5, 9]);
const pauseMs = 1_000;

export interface PromoteOptions {
  /** How long to wait until workers of the version poll. */
  readonly withinMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a version the current one, which new workflows start on and unpinned ones move to, as soon as its workers poll.
 *
 * @returns build ID of the version that was current before, if there was one
 * @throws FerryError `temporal` if its workers do not poll in time
 */
export async function promoteVersion(
  temporal: TemporalClient,
  version: DeploymentVersion,
  { withinMs, signal }: PromoteOptions,
): Promise<string | undefined> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    signal?.throwIfAborted();
    const reason = await trySetCurrent(temporal, version);
    if (typeof reason === 'object') return reason.previous;
    if (Date.now() >= deadline) {
      throw new FerryError(
        `version ${version.buildId} of deployment ${version.deploymentName} did not become the current one: ${reason}. Start its workers (FERRY_DEPLOYMENT=${version.deploymentName} ferry worker), then try again`,
        { code: 'temporal', decision: 'retry' },
      );
    }
    await sleep(Math.min(pauseMs, Math.max(0, deadline - Date.now())), undefined, { signal });
  }
}

/**
 * Gives new work back to workers without a version.
 *
 * @returns build ID of the version that was current before, if there was one
 */
export async function promoteNone(
  { client, withDeadline }: TemporalClient,
  deploymentName: string,
): Promise<string | undefined> {
  const { previousDeploymentVersion } = await withDeadline(
    async () =>
      await client.workflowService.setWorkerDeploymentCurrentVersion({
        namespace: client.options.namespace,
        deploymentName,
        buildId: '',
        identity: client.options.identity,
        ignoreMissingTaskQueues: true,
        allowNoPollers: true,
      }),
  );
  const previous = previousDeploymentVersion?.buildId ?? '';
  return previous === '' ? undefined : previous;
}

/** What became of a worker that has started: who gets the work. */
export type StartedVersion =
  /** It is the current version, or has become it because there was none. */
  | { readonly kind: 'current'; readonly isNew: boolean }
  /** Another version is current: this worker only gets work that is pinned to its own. */
  | { readonly kind: 'waiting'; readonly current: string };

/**
 * The first version of a deployment becomes the current one automatically: without one, no worker would get any work. Which
 * version follows is a decision of a person or a deployment, since a restarted worker of an older version must not
 * take over.
 */
export async function becomeFirstVersion(
  temporal: TemporalClient,
  version: DeploymentVersion,
  signal: AbortSignal,
): Promise<StartedVersion> {
  for (;;) {
    const found = await describeDeployment(temporal, version.deploymentName);
    const current = found === undefined ? undefined : currentOf(found);
    if (current !== undefined) {
      return current === version.buildId ? { kind: 'current', isNew: false } : { kind: 'waiting', current };
    }
    const reason = await trySetCurrent(temporal, version, found?.conflictToken ?? undefined);
    if (typeof reason === 'object') return { kind: 'current', isNew: true };
    await sleep(pauseMs, undefined, { signal });
  }
}

/**
 * Lets the workflows that are pinned to a version continue on the current one: for a version whose workers are gone, or
 * that was a mistake.
 *
 * @returns how many
 */
export async function movePinned(temporal: TemporalClient, version: DeploymentVersion): Promise<number> {
  const { client, withDeadline } = temporal;
  const { namespace } = client.options;
  const moved = new Set<string>();
  for await (const { workflowId, runId } of client.workflow.list({ query: pinnedTo(version) })) {
    try {
      await withDeadline(
        async () =>
          await client.workflowService.updateWorkflowExecutionOptions({
            namespace,
            workflowExecution: { workflowId, runId },
            workflowExecutionOptions: { versioningOverride: { autoUpgrade: true } },
            updateMask: { paths: ['versioning_override'] },
          }),
      );
      moved.add(runId);
    } catch (error) {
      // It ended meanwhile.
      if (!isGrpcServiceError(error) || !notYet.has(error.code)) throw error;
    }
  }
  return moved.size;
}

/** @returns the version before, or why Temporal does not accept this one yet */
async function trySetCurrent(
  { client, withDeadline }: TemporalClient,
  { deploymentName, buildId }: DeploymentVersion,
  conflictToken?: Uint8Array,
): Promise<{ readonly previous?: string | undefined } | string> {
  try {
    const { previousDeploymentVersion } = await withDeadline(
      async () =>
        await client.workflowService.setWorkerDeploymentCurrentVersion({
          namespace: client.options.namespace,
          deploymentName,
          buildId,
          identity: client.options.identity,
          ...(conflictToken === undefined ? {} : { conflictToken }),
        }),
    );
    const previous = previousDeploymentVersion?.buildId ?? '';
    return { previous: previous === '' || previous === buildId ? undefined : previous };
  } catch (error) {
    if (isGrpcServiceError(error) && notYet.has(error.code)) return error.details;
    throw error;
  }
}
