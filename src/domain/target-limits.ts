import { dockerHub, pathFault } from '@image-ferry/registry/reference';

import { InvalidInput } from './ferry-error.js';
import { NamingScheme } from './target.js';
import type { Target } from './target.js';

/** Limits of a target for repository names, in addition to the common grammar. Lengths are in characters. */
export interface NameLimits {
  readonly minLevels: number;
  readonly maxLevels: number;
  /** Length of the last component. The components before it are namespaces, which a person creates. */
  readonly minLastLength: number;
  readonly maxLastLength: number;
  readonly maxTotalLength: number;
}

// Many clients limit host + "/" + path to 255, although the registries count the path alone (distribution-spec, "Pulling manifests").
const longestReference = 255;

/** Alibaba Cloud ACR, both editions: exactly `namespace/repository`, a repository of 2 to 64 characters. */
const aliyun = { minLevels: 2, maxLevels: 2, minLastLength: 2, maxLastLength: 64 } as const;
/** Docker Hub: `owner/repository`. */
const dockerHubLimits = { minLevels: 2, maxLevels: 2, minLastLength: 2, maxLastLength: longestReference } as const;
const anyOther = {
  minLevels: 1,
  maxLevels: longestReference,
  minLastLength: 1,
  maxLastLength: longestReference,
} as const;

export function nameLimits({ naming, registry }: Pick<Target, 'naming' | 'registry'>): NameLimits {
  return { ...registryLimits(naming, registry), maxTotalLength: longestReference - registry.length - 1 };
}

function registryLimits(naming: NamingScheme, registry: string): Omit<NameLimits, 'maxTotalLength'> {
  if (naming === NamingScheme.aliyun || registry.replace(/:\d+$/, '').endsWith('.aliyuncs.com')) return aliyun;
  return registry === dockerHub ? dockerHubLimits : anyOther;
}

/** Why a repository (path without host) is invalid on a target, or undefined if it is valid. */
export function targetRepositoryFault(repository: string, limits: NameLimits): string | undefined {
  const fault = pathFault(repository);
  if (fault !== undefined) return fault;
  const components = repository.split('/');
  const last = components.at(-1) ?? '';
  if (repository.length > limits.maxTotalLength) {
    return `it has ${repository.length} characters, the limit after the host is ${limits.maxTotalLength}`;
  }
  if (components.length < limits.minLevels) return `it has no namespace, which this registry requires`;
  if (components.length > limits.maxLevels) {
    return `it has ${components.length} levels, this registry allows ${limits.maxLevels}`;
  }
  if (last.length < limits.minLastLength || last.length > limits.maxLastLength) {
    return `"${last}" has ${last.length} characters, this registry allows ${limits.minLastLength} to ${limits.maxLastLength}`;
  }
  return undefined;
}

/** @throws InvalidInput (`target-name`) if `repository`, a path without host, is invalid on the target */
export function assertTargetRepository(repository: string, target: Target): void {
  const fault = targetRepositoryFault(repository, nameLimits(target));
  if (fault === undefined) return;
  throw new InvalidInput(
    `"${repository}" cannot be a repository on target ${target.name} (${target.registry}): ${fault}`,
    'target-name',
  );
}

/** @throws InvalidInput (`target-name`) if the target's namespace is invalid, or leaves no level for a repository */
export function assertTargetNamespace(target: Target): void {
  const { namespace, name, registry } = target;
  if (namespace === '') return;
  const levels = namespace.split('/').length;
  const { maxLevels } = nameLimits(target);
  const tooDeep = levels < maxLevels ? undefined : `it has ${levels} levels, this registry allows ${maxLevels - 1}`;
  const fault = pathFault(namespace) ?? tooDeep;
  if (fault === undefined) return;
  throw new InvalidInput(
    `"${namespace}" cannot be the namespace of target ${name} (${registry}): ${fault}`,
    'target-name',
  );
}
