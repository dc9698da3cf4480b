import { Findings, oneFile } from './consumer-output.js';
import type { ConsumerOutput } from './consumer-output.js';
import type { MirrorName } from './mirror-index.js';
import { repositoryPairs } from './registry-files.js';
import type { EngineOptions } from './registry-files.js';

/** `registries.conf` (version 2) of Podman, CRI-O, Buildah and Skopeo: a mirror for each repository. */
export function registriesConf(names: readonly MirrorName[], { host, isPlain, target }: EngineOptions): ConsumerOutput {
  const findings = new Findings();
  const entries = repositoryPairs(names).map((pair) => {
    const source = `${pair.host}/${pair.path}`;
    return [
      '[[registry]]',
      `prefix = ${quoted(source)}`,
      `location = ${quoted(source)}`,
      '[[registry.mirror]]',
      `location = ${quoted(`${host}/${pair.target}`)}`,
      ...(isPlain ? ['insecure = true'] : []),
      '',
    ].join('\n');
  });
  findings.note('a tag that is not on the mirror is pulled from its source');
  findings.note(`a login for ${host} goes into auth.json ("podman login ${host}")`);
  const head = `# Images on target ${target.name}. For /etc/containers/registries.conf.d/image-ferry.conf\n\n`;
  return findings.output(oneFile(head + entries.join('\n')));
}

/** A basic string of TOML has the escapes of JSON. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
