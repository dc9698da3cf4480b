import type { CredentialProvider, HostSettings } from '../../packages/registry/src/client-options.js';
import { readConfigFile } from './config-file.js';
import type { Environment } from './environment.js';
import { ConfigErrors } from './config-errors.js';
import { readHosts } from './hosts.js';
import { environmentHosts } from './registry-credentials.js';
import { targetCredentials } from './target-credentials.js';
import { readTargets } from './targets.js';

/**
 * What `ferry copy` takes from `ferry.yaml` and the variables together: how registries are spoken to, and who one is
 * there. No target has to be configured.
 *
 * @throws InvalidInput listing every fault
 */
export function readCopyConfig(
  environment: Environment,
  path: string,
): { readonly hosts: ReadonlyMap<string, HostSettings>; readonly credentials: CredentialProvider } {
  const faults = new ConfigErrors();
  const file = readConfigFile(path, faults);
  const hosts = faults.try(() => environmentHosts(environment)) ?? new Map<string, HostSettings>();
  const targets = readTargets(environment, file, hosts, faults);
  readHosts(file, hosts, faults);
  faults.throwIfAny();
  return { hosts, credentials: targetCredentials(environment, file, targets) };
}
