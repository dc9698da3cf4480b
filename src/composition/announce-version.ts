import type { TemporalClient } from '../client/connect.js';
import { currentVersionOfQueue } from '../client/deployment-view.js';
import { becomeFirstVersion } from '../client/promote-version.js';
import type { DeploymentVersion } from '../contract/deployment-version.js';
import { errorMessage } from '../domain/error-message.js';
import type { Logger } from '../logger.js';

/**
 * Says in the log whether a versioned worker gets new work, after making its version the current one if there was none.
 * Never rejects: the worker itself runs anyway.
 */
export async function announceVersion(
  temporal: TemporalClient,
  version: DeploymentVersion,
  { logger, signal, isControlled }: { logger: Logger; signal: AbortSignal; isControlled: boolean },
): Promise<void> {
  const { deploymentName: deployment, buildId } = version;
  if (isControlled) {
    logger.info({ deployment, buildId }, "versioned worker: Temporal's Worker Controller decides when it gets work");
    return;
  }
  try {
    const started = await becomeFirstVersion(temporal, version, signal);
    if (started.kind === 'current') {
      const { isNew } = started;
      logger.info({ deployment, buildId, isNew }, 'this version of the worker is the current one');
      return;
    }
    const { current } = started;
    logger.warn(
      { deployment, buildId, current },
      `another version is the current one: this worker gets no new work until "ferry deployments promote ${buildId}"`,
    );
  } catch (error) {
    if (signal.aborted) return;
    const reason = errorMessage(error);
    logger.error({ deployment, buildId, reason }, 'cannot read which version is current: "ferry deployments" shows it');
  }
}

/** The same for a worker without a version, which gets no work while a version is the current one. Never rejects. */
export async function announceUnversioned(temporal: TemporalClient, logger: Logger): Promise<void> {
  try {
    const current = await currentVersionOfQueue(temporal);
    if (current === undefined) return;
    const { deploymentName: deployment, buildId } = current;
    logger.error(
      { deployment, current: buildId },
      `workers of deployment ${deployment} get all work, and this one has no version: set FERRY_DEPLOYMENT=${deployment}, or run "ferry deployments promote --none"`,
    );
  } catch (error) {
    logger.warn({ reason: errorMessage(error) }, 'cannot read if workers with versions get the work');
  }
}
