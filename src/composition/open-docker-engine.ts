import type { DockerCopier } from '../activities/docker-activities.js';
import type { FerryConfig } from '../config/read-config.js';
import { DockerEngine } from '../docker/docker-engine.js';
import type { DockerVersions } from '../docker/examine-daemon.js';
import { examineDaemon } from '../docker/examine-daemon.js';
import { FerryError } from '../domain/ferry-error.js';
import { dockerConfigCredentials, firstCredentials, isLoopbackName } from '@image-ferry/registry';

const program = 'docker';

/** The docker engine, with the same credentials as the ferry's own. */
export function createDockerEngine({
  docker,
  credentials,
  dockerConfigPath: path,
  hosts,
}: Pick<FerryConfig, 'docker' | 'credentials' | 'dockerConfigPath' | 'hosts'>): DockerCopier {
  return new DockerEngine({
    program,
    ...docker,
    credentials: firstCredentials(credentials, dockerConfigCredentials(path === undefined ? {} : { path })),
    isInsecure: (host) => {
      const scheme = hosts.get(host)?.scheme;
      return scheme === 'http' || (scheme === undefined && isLoopbackName(new URL(`http://${host}`).hostname));
    },
  });
}

/** A daemon that is far away and silent would keep whoever asks for minutes. */
const longestLookMs = 15_000;

/**
 * Whether this machine's `docker` command reaches a daemon that the engine can use.
 *
 * @throws Error saying what to do; the signal's reason when aborted
 */
export async function examineDocker(
  { docker }: Pick<FerryConfig, 'docker'>,
  signal: AbortSignal,
): Promise<DockerVersions> {
  const timeout = AbortSignal.timeout(longestLookMs);
  try {
    return await examineDaemon({ program, ...docker }, AbortSignal.any([signal, timeout]));
  } catch (error) {
    signal.throwIfAborted();
    if (!timeout.aborted) throw error;
    throw new FerryError(
      `the Docker daemon gave no answer in ${longestLookMs / 1000} s: look at DOCKER_HOST and the daemon`,
      { code: 'unreachable', decision: 'retry', cause: error },
    );
  }
}
