import { Findings } from './consumer-output.js';
import type { ConsumerOutput } from './consumer-output.js';
import type { MirrorName } from './mirror-index.js';
import { byHost, needsNestedNames, nestedPrefix, repositoryPairs, serverOf } from './registry-files.js';
import type { EngineOptions } from './registry-files.js';

/** `certs.d` of containerd: a folder with `hosts.toml` for each source. It can only express nested names. */
export function hostsToml(names: readonly MirrorName[], { host, isPlain, target }: EngineOptions): ConsumerOutput {
  const findings = new Findings();
  const files: { path: string; text: string }[] = [];
  for (const [source, pairs] of byHost(repositoryPairs(names))) {
    const prefix = nestedPrefix(target, source);
    if (prefix === undefined) {
      findings.gap(needsNestedNames(target, 'containerd'));
      return findings.output([]);
    }
    for (const pair of pairs) {
      if (pair.target === `${prefix}/${pair.path}`) continue;
      findings.gap(
        `${pair.host}/${pair.path} has the name ${pair.target} on the target, which is not below ${prefix}: containerd cannot map a single repository`,
      );
    }
    const mirror = `${isPlain ? 'http' : 'https'}://${host}/v2/${prefix}`;
    const text = [
      `# Images of ${source} on target ${target.name}; what is not there is pulled from ${source}.`,
      `server = ${JSON.stringify(serverOf(source))}`,
      '',
      `[host.${JSON.stringify(mirror)}]`,
      '  capabilities = ["pull", "resolve"]',
      '  override_path = true',
      '',
    ].join('\n');
    // containerd reads the port of a folder's name after a colon, or between underscores where a file system has no colons.
    files.push({ path: `${source}/hosts.toml`, text });
  }
  findings.note(
    'containerd needs config_path = "/etc/containerd/certs.d" in its configuration, and reads these files without a restart',
  );
  findings.note(
    `a login for ${host} is not part of these files: use an imagePullSecret or the credential provider of the kubelet`,
  );
  return findings.output(files);
}
