import { defaultManifestPolicy } from '../domain/default-manifest-policy.js';
import type { Target } from '../domain/target.js';
import { NamingScheme } from '../domain/target.js';
import type { HostSettings } from '../registry/copy-types.js';
import type { ConfigFile, TargetEntry } from './config-file.js';
import type { Environment } from './environment.js';
import type { FaultList } from './fault-list.js';
import { parseRegistryHost } from './registry-host.js';

/** The targets of the two sets of variables and of `ferry.yaml`, in that order, with their hosts' settings. */
export function readTargets(
  environment: Environment,
  file: ConfigFile,
  hosts: Map<string, HostSettings>,
  faults: FaultList,
): Target[] {
  const entries = new Map<string, TargetEntry>(Object.entries(file.targets ?? {}));
  const builtIn = [
    variablesTarget('aliyun', 'ALIYUN_REGISTRY', NamingScheme.aliyun, 'ALIYUN_NAME_SPACE'),
    variablesTarget('private', 'MY_REGISTRY', NamingScheme.private),
  ];
  const targets = builtIn.flatMap((read) => read() ?? []);

  for (const [name, entry] of entries) {
    if (name === 'aliyun' || name === 'private') {
      if (!targets.some((target) => target.name === name)) {
        faults.add(
          `ferry.yaml: targets.${name} changes the target of ${name === 'aliyun' ? 'ALIYUN_REGISTRY' : 'MY_REGISTRY'}, which is not set`,
        );
      }
      continue;
    }
    if (entry.registry === undefined) {
      faults.add(`ferry.yaml: targets.${name} has no registry`);
      continue;
    }
    const made = makeTarget(
      name,
      entry.registry,
      `ferry.yaml: targets.${name}.registry`,
      entry.naming ?? NamingScheme.nested,
      '',
    );
    if (made !== undefined) targets.push(made);
  }
  return targets;

  function variablesTarget(name: string, variable: string, naming: NamingScheme, namespaceVariable?: string) {
    return (): Target[] | undefined => {
      const registry = faults.try(() => environment.value(variable));
      if (registry === undefined) return undefined;
      const namespace = namespaceVariable === undefined ? '' : faults.try(() => environment.value(namespaceVariable));
      if (namespace === undefined) {
        faults.add(`${variable} is set but ${String(namespaceVariable)} is not: images would have nowhere to go`);
        return undefined;
      }
      const made = makeTarget(name, registry, variable, naming, namespace);
      return made === undefined ? undefined : [made];
    };
  }

  function makeTarget(name: string, registry: string, where: string, naming: NamingScheme, namespace: string) {
    const parsed = faults.try(() => parseRegistryHost(registry, where));
    if (parsed === undefined) return undefined;
    const { host, scheme } = parsed;
    hosts.set(host, { ...hosts.get(host), ...(scheme === undefined ? {} : { scheme }) });
    const entry = entries.get(name);
    return {
      name,
      registry: host,
      namespace: (entry?.namespace ?? namespace).replace(/^\/+|\/+$/g, ''),
      naming: entry?.naming ?? naming,
      manifestPolicy: entry?.manifestPolicy ?? defaultManifestPolicy(host),
      explicitNames: entry?.names ?? {},
    } satisfies Target;
  }
}
