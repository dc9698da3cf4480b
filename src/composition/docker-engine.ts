import type { DockerCopier } from '../activities/docker-activities.js';
import type { FerryConfig } from '../config/read-config.js';
import { DockerEngine } from '../docker/copy-image.js';
import { dockerConfigCredentials, firstCredentials } from '../registry/docker-config.js';
import { isLoopbackName } from '../registry/transport/address-guard.js';

/** The docker engine, with the same credentials as the ferry's own. */
export function createDockerEngine({
  docker,
  credentials,
  dockerConfigPath: path,
  hosts,
}: Pick<FerryConfig, 'docker' | 'credentials' | 'dockerConfigPath' | 'hosts'>): DockerCopier {
  return new DockerEngine({
    program: 'docker',
    ...docker,
    credentials: firstCredentials(credentials, dockerConfigCredentials(path === undefined ? {} : { path })),
    isInsecure: (host) => {
      const scheme = hosts.get(host)?.scheme;
      return scheme === 'http' || (scheme === undefined && isLoopbackName(new URL(`http://${host}`).hostname));
    },
  });
}
