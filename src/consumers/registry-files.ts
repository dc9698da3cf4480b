/** What the formats that tell a container engine about a mirror have in common. */
import { dockerHub, sourceRepository } from '@image-ferry/registry/reference';

import { groupRows } from '../domain/group-rows.js';
import { NamingScheme } from '../domain/target.js';
import type { Target } from '../domain/target.js';
import type { MirrorName } from './mirror-index.js';

export interface EngineOptions {
  readonly target: Pick<Target, 'name' | 'registry' | 'namespace' | 'naming'>;
  /** Host in the consumers' names. */
  readonly host: string;
  /** The target is spoken to without TLS. */
  readonly isPlain: boolean;
}

/** A source repository and its repository on the target. */
export interface RepositoryPair {
  /** Host of the source. */
  readonly host: string;
  readonly path: string;
  /** Without host. */
  readonly target: string;
}

/** Each pair once, sorted. */
export function repositoryPairs(names: readonly MirrorName[]): readonly RepositoryPair[] {
  const pairs = new Map<string, RepositoryPair>();
  for (const { source, repository } of names) {
    const key = `${sourceRepository(source)} ${repository}`;
    pairs.set(key, { host: source.host, path: source.path, target: repository });
  }
  return [...pairs].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, pair]) => pair);
}

export function byHost(pairs: readonly RepositoryPair[]): ReadonlyMap<string, readonly RepositoryPair[]> {
  return groupRows(pairs, ({ host }) => host);
}

/** The prefix of all repositories of a source host on a target with nested names; undefined with other names. */
export function nestedPrefix({ naming, namespace }: EngineOptions['target'], host: string): string | undefined {
  if (naming !== NamingScheme.nested) return undefined;
  return `${namespace === '' ? '' : `${namespace}/`}${host.replaceAll(':', '---')}`;
}

/** What to do when an engine only maps hosts and prefixes. */
export function needsNestedNames({ name, naming }: EngineOptions['target'], engine: string): string {
  return (
    `${engine} maps hosts and prefixes only, and target ${name} has the naming "${naming}": set "targets: { ${name}: { naming: nested } }" in ferry.yaml, ` +
    `and copy the images again ("ferry retry IMAGE"). Registries with two levels, such as Alibaba Cloud's, cannot have nested names: ` +
    `use "ferry use compose", "k8s", "kustomize", "mutating-policy", "registries.conf" or "k3s" there`
  );
}

/** Where an engine asks when the mirror has no answer. */
export function serverOf(host: string): string {
  return host === dockerHub ? 'https://registry-1.docker.io' : `https://${host}`;
}
