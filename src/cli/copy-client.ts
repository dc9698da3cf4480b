import { openRegistries } from '../composition/registries.js';
import { Environment } from '../config/environment.js';
import { proxiesOf } from '../config/proxies.js';
import { dockerConfigPath, environmentCredentials, environmentHosts } from '../config/registry-credentials.js';
import type { RegistryClient } from '../registry/registry-client.js';
import { settingsOf } from './copy-references.js';
import type { Typed } from './copy-references.js';

/** A client for what was typed, with the environment's credentials, hosts and proxies; whoever opens it closes it. */
export function openClient(typed: readonly Pick<Typed, 'host' | 'scheme'>[]): RegistryClient {
  const environment = new Environment(process.env);
  const dockerConfig = dockerConfigPath(environment);
  return openRegistries({
    credentials: environmentCredentials(environment),
    ...(dockerConfig === undefined ? {} : { dockerConfigPath: dockerConfig }),
    hosts: new Map([
      ...environmentHosts(environment),
      ...typed.flatMap(({ host, scheme }) => settingsOf(host, scheme)),
    ]),
    proxies: proxiesOf(environment),
    trustedHosts: new Set(typed.map(({ host }) => host)),
  });
}
