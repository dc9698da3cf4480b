import type { CredentialProvider, HostSettings } from '@image-ferry/registry';

import { throwingAllErrors } from './config-errors.js';
import { readConfigFile } from './config-file.js';
import type { Environment } from './environment.js';
import { readHosts } from './hosts.js';
import { environmentHosts } from './registry-credentials.js';
import { targetCredentials } from './target-credentials.js';
import { readTargets } from './targets.js';

/**
 * What `ferry copy` reads from `ferry.yaml` and the variables: host settings and credentials. No target has to be
 * configured.
 *
 * @throws InvalidInput listing every error
 */
export function readCopyConfig(
  environment: Environment,
  path: string,
): { readonly hosts: ReadonlyMap<string, HostSettings>; readonly credentials: CredentialProvider } {
  return throwingAllErrors((errors) => {
    const file = readConfigFile(path, errors);
    const hosts = errors.try(() => environmentHosts(environment)) ?? new Map<string, HostSettings>();
    const targets = readTargets(environment, file, hosts, errors);
    readHosts(file, hosts, errors);
    return { hosts, credentials: targetCredentials(environment, file, targets) };
  });
}
