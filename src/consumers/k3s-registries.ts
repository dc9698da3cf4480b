import { stringify } from 'yaml';

import { Findings, oneFile } from './consumer-output.js';
import type { ConsumerOutput } from './consumer-output.js';
import type { MirrorName } from './mirror-index.js';
import { byHost, nestedPrefix, repositoryPairs } from './registry-files.js';
import type { EngineOptions, RepositoryPair } from './registry-files.js';

/** A repository that no target has: it keeps a name from being answered by another source's image. */
const nowhere = 'image-ferry-has-no-mirror';

/**
 * `registries.yaml` of K3s and RKE2: one rewrite for each repository, so that any names work. A repository without a
 * rewrite is requested by its own name, which may be another source's repository on the target: these are rewritten to
 * a name that does not exist.
 *
 * @param all every name that the ferry knows on the target
 */
export function k3sRegistries(
  names: readonly MirrorName[],
  all: readonly MirrorName[],
  { host, isPlain, target }: EngineOptions,
): ConsumerOutput {
  const findings = new Findings();
  const taken = new Set(repositoryPairs(all).map((pair) => pair.target));
  const mirrors = [...byHost(repositoryPairs(names))].map(([source, pairs]) => [
    source,
    { endpoint: [`${isPlain ? 'http' : 'https'}://${host}`], rewrite: rewrites(source, pairs) },
  ]);
  findings.note('K3s asks the source last; --disable-default-registry-endpoint forbids that');
  findings.note(`a login for ${host} goes below "configs" of the same file`);
  const head = `# Images on target ${target.name}. For /etc/rancher/k3s/registries.yaml (RKE2: /etc/rancher/rke2)\n`;
  return findings.output(oneFile(head + stringify({ mirrors: Object.fromEntries(mirrors) }, { lineWidth: 0 })));

  function rewrites(source: string, pairs: readonly RepositoryPair[]): Readonly<Record<string, string>> {
    const prefix = nestedPrefix(target, source);
    if (prefix !== undefined && pairs.every((pair) => pair.target === `${prefix}/${pair.path}`)) {
      return { '^(.*)$': `${prefix}/$1` };
    }
    const own = new Map(pairs.map((pair) => [pair.path, pair.target]));
    const blocked = [...taken].filter((path) => !own.has(path)).map((path) => [path, `${nowhere}/${path}`] as const);
    return Object.fromEntries([...own, ...blocked].map(([path, to]) => [`^${escaped(path)}$`, to]));
  }
}

/** For a regular expression of Go. */
function escaped(path: string): string {
  return path.replaceAll(/[.+*?()|[\]{}^$\\]/g, '\\$&');
}
