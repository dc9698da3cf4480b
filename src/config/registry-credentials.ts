/**
 * Credentials and host settings of the environment, in a file of their own: without `ferry.yaml`, `ferry copy` needs
 * nothing else.
 */
import { join } from 'node:path';

import type { CredentialProvider, HostSettings } from '@image-ferry/registry';

import type { Environment } from './environment.js';
import { parseRegistryAddress } from './registry-address.js';
import type { RegistryAddress } from './registry-address.js';

interface CredentialVariables {
  /** The target that the variables belong to. */
  readonly target?: string;
  readonly username: string;
  readonly password: string;
  readonly host: (environment: Environment) => RegistryAddress | undefined;
}

const variables: readonly CredentialVariables[] = [
  {
    target: 'aliyun',
    username: 'ALIYUN_REGISTRY_USER',
    password: 'ALIYUN_REGISTRY_PASSWORD',
    host: (environment) => hostOf(environment, 'ALIYUN_REGISTRY'),
  },
  {
    target: 'private',
    username: 'MY_REGISTRY_USER',
    password: 'MY_REGISTRY_PASSWORD',
    host: (environment) => hostOf(environment, 'MY_REGISTRY'),
  },
  { username: 'DOCKERHUB_USERNAME', password: 'DOCKERHUB_PASSWORD', host: () => ({ host: 'docker.io' }) },
];

/**
 * Looks up credentials by host, and by target if several targets share a host. They are read at each call, since a
 * password file (`…_PASSWORD_FILE`) may change while the process runs.
 */
export function environmentCredentials(environment: Environment): CredentialProvider {
  return async (host, _repository, target) => {
    const ofHost = variables.filter((candidate) => candidate.host(environment)?.host === host);
    const known = ofHost.find((candidate) => candidate.target === target) ?? ofHost[0];
    if (known === undefined) return undefined;
    const username = environment.value(known.username);
    const password = environment.value(known.password);
    return username === undefined || password === undefined ? undefined : { username, password };
  };
}

/** The file with docker's or podman's credentials, if a variable names it. */
export function dockerConfigPath(environment: Environment): string | undefined {
  const folder = environment.value('DOCKER_CONFIG');
  return environment.value('REGISTRY_AUTH_FILE') ?? (folder === undefined ? undefined : join(folder, 'config.json'));
}

/** The registries that the environment configures, with their scheme if one is given. */
export function environmentHosts(environment: Environment): Map<string, HostSettings> {
  const hosts = new Map<string, HostSettings>();
  for (const { host } of variables) {
    const known = host(environment);
    if (known === undefined || known.host === 'docker.io') continue;
    hosts.set(known.host, known.scheme === undefined ? {} : { scheme: known.scheme });
  }
  return hosts;
}

function hostOf(environment: Environment, name: string): RegistryAddress | undefined {
  const text = environment.value(name);
  return text === undefined ? undefined : parseRegistryAddress(text, name);
}
