import { isLoopbackName } from '@image-ferry/registry';

import type { DockerCopier } from '../activities/docker-activities.js';
import type { FerryConfig } from '../config/read-config.js';
import { DockerEngine } from '../docker/docker-engine.js';
import { examineDaemon } from '../docker/examine-daemon.js';
import type { DockerVersions } from '../docker/examine-daemon.js';
import { FerryError } from '../domain/ferry-error.js';
import { allCredentials } from './registries.js';

const program = 'docker';

/** Creates the Docker engine with the same credentials as the copy engine. */
export function createDockerEngine({
  docker,
  credentials,
  dockerConfigPath,
  hosts,
}: Pick<FerryConfig, 'docker' | 'credentials' | 'dockerConfigPath' | 'hosts'>): DockerCopier {
  return new DockerEngine({
    program,
    ...docker,
    credentials: allCredentials({ credentials, dockerConfigPath }),
    isInsecure: (host) => {
      const scheme = hosts.get(host)?.scheme;
      return scheme === 'http' || (scheme === undefined && isLoopbackName(new URL(`http://${host}`).hostname));
    },
  });
}

/** Limits the check: an unreachable daemon would block it for minutes. */
const checkTimeoutMs = 15_000;

/**
 * Checks whether this machine's `docker` command reaches a daemon that the engine can use.
 *
 * @throws Error with the reason and what to do; the signal's reason when aborted
 */
export async function examineDocker(
  { docker }: Pick<FerryConfig, 'docker'>,
  signal: AbortSignal,
): Promise<DockerVersions> {
  const timeout = AbortSignal.timeout(checkTimeoutMs);
  try {
    return await examineDaemon({ program, ...docker }, AbortSignal.any([signal, timeout]));
  } catch (error) {
    signal.throwIfAborted();
    if (!timeout.aborted) throw error;
    throw new FerryError(
      `the Docker daemon did not answer within ${checkTimeoutMs / 1000} s: check DOCKER_HOST and the daemon`,
      { code: 'unreachable', decision: 'retry', cause: error },
    );
  }
}
