import { openRegistries } from '../composition/registries.js';
import { Environment } from '../config/environment.js';
import { proxiesOf } from '../config/proxies.js';
import { dockerConfigPath, environmentCredentials, environmentHosts } from '../config/registry-credentials.js';
import type { RegistryClient } from '../../packages/registry/src/registry-client.js';
import { settingsOf } from './copy-references.js';
import type { Typed } from './copy-references.js';
import { say } from './output.js';

/**
 * A client for what was typed, with the hosts, credentials and proxies of the environment and of `ferry.yaml`; whoever
 * opens it closes it.
 *
 * @throws InvalidInput listing every fault of the configuration
 */
export async function openClient(typed: readonly Pick<Typed, 'host' | 'scheme'>[]): Promise<RegistryClient> {
  const environment = new Environment(process.env);
  const dockerConfig = dockerConfigPath(environment);
  const { hosts, credentials } = await configured(environment);
  return openRegistries({
    credentials,
    ...(dockerConfig === undefined ? {} : { dockerConfigPath: dockerConfig }),
    hosts: new Map([...hosts, ...typed.flatMap(({ host, scheme }) => settingsOf(host, scheme, hosts.get(host)))]),
    proxies: proxiesOf(environment),
    trustedHosts: new Set(typed.map(({ host }) => host)),
    onUnusedCredentials: (reason) => say(`note: credentials that were not used: ${reason}`),
    onMirrorFault: ({ message }) => say(`note: ${message}; this mirror is left alone, and its source is asked instead`),
  });
}

async function configured(environment: Environment) {
  const path = environment.value('FERRY_CONFIG');
  if (path === undefined) {
    return { hosts: environmentHosts(environment), credentials: environmentCredentials(environment) };
  }
  // What reads the file takes its time to load.
  const { readCopyConfig } = await import('../config/copy-config.js');
  return readCopyConfig(environment, path);
}
