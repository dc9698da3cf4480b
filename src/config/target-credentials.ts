import type { CredentialProvider } from '@image-ferry/registry';

import { InvalidInput } from '../domain/ferry-error.js';
import type { Target } from '../domain/target.js';
import type { ConfigFile } from './config-file.js';
import type { Environment } from './environment.js';
import { environmentCredentials } from './registry-credentials.js';

/**
 * The credentials of `ferry.yaml`'s targets, then those of the variables. Several targets may use different accounts of
 * one registry: a repository belongs to the named target, else to the one whose namespace it is in.
 */
export function targetCredentials(
  environment: Environment,
  { path, targets: entries = {} }: ConfigFile,
  targets: readonly Target[],
): CredentialProvider {
  const byVariables = environmentCredentials(environment);
  return async (host, repository, name) => {
    const onHost = targets.filter(({ registry }) => registry === host);
    const owner = ownerOf(repository, onHost, name);
    const own = owner && (credentialsOf(owner.name) ?? (await byVariables(host, repository, owner.name)));
    if (own !== undefined) return own;
    const other = onHost.find((target) => entries[target.name]?.credentials !== undefined);
    return (other && credentialsOf(other.name)) ?? (await byVariables(host, repository));
  };

  function credentialsOf(target: string) {
    const given = entries[target]?.credentials;
    if (given === undefined) return undefined;
    const password = environment.value(given.passwordVariable);
    if (password !== undefined) return { username: given.username, password };
    throw new InvalidInput(
      `${path}: targets.${target}.credentials needs the password variable ${given.passwordVariable}, which is not set`,
      'configuration',
    );
  }
}

/**
 * The longest namespace wins: `team/app` belongs to the target with namespace `team`, not to the one without a
 * namespace.
 */
function ownerOf(repository: string, onHost: readonly Target[], name: string | undefined): Target | undefined {
  const holders = onHost
    .filter(({ namespace }) => namespace === '' || repository.startsWith(`${namespace}/`))
    .sort((one, other) => other.namespace.length - one.namespace.length);
  return onHost.find((target) => target.name === name) ?? holders[0];
}
