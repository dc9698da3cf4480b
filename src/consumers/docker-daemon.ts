import { dockerHub } from '@image-ferry/registry/reference';

import { Findings, oneFile } from './consumer-output.js';
import type { ConsumerOutput } from './consumer-output.js';
import type { MirrorName } from './mirror-index.js';
import { repositoryPairs } from './registry-files.js';
import type { EngineOptions } from './registry-files.js';

/**
 * `daemon.json` of Docker, which mirrors Docker Hub alone, and by the same names. It is refused where a repository of
 * Docker Hub has another name on the target, or a name could be another source's image.
 *
 * @param all every name that the ferry knows on the target
 */
export function dockerDaemon(
  names: readonly MirrorName[],
  all: readonly MirrorName[],
  { host, isPlain }: EngineOptions,
): ConsumerOutput {
  const findings = new Findings();
  const pairs = repositoryPairs(names);
  const others = pairs.filter((pair) => pair.host !== dockerHub);
  if (others.length > 0) {
    findings.gap(`Docker mirrors Docker Hub only, not ${[...new Set(others.map((pair) => pair.host))].join(', ')}`);
  }
  const renamed = pairs.filter((pair) => pair.host === dockerHub && pair.target !== pair.path);
  const [first] = renamed;
  if (first !== undefined) {
    findings.gap(
      `Docker asks a mirror by the same names, and ${renamed.length} repositories of Docker Hub have others on the target, such as ${first.path}, which is ${first.target}: use "ferry use compose"`,
    );
  }
  const foreign = repositoryPairs(all).filter((pair) => pair.host !== dockerHub && pair.path === pair.target);
  const [stranger] = foreign;
  if (stranger !== undefined) {
    findings.gap(
      `Docker would take ${stranger.host}/${stranger.path} for docker.io/${stranger.path}, because it has this name on the target: use "ferry use compose"`,
    );
  }
  findings.note('Docker sends no login to a mirror: the repositories must be readable without one');
  if (renamed.length > 0 || foreign.length > 0) return findings.output([]);
  const daemon = {
    'registry-mirrors': [`${isPlain ? 'http' : 'https'}://${host}`],
    ...(isPlain ? { 'insecure-registries': [host] } : {}),
  };
  return findings.output(oneFile(`${JSON.stringify(daemon, null, 2)}\n`));
}
