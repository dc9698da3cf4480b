import type { HostSettings } from '@image-ferry/registry';
import { defaultManifestPolicy, ManifestPolicy } from '@image-ferry/registry/manifest';
import { parseImageReference, sourceRepository } from '@image-ferry/registry/reference';
import * as z from 'zod';

import { InvalidInput } from '../domain/ferry-error.js';
import { assertTargetNamespace, assertTargetRepository } from '../domain/target-limits.js';
import { NamingScheme } from '../domain/target.js';
import type { Target } from '../domain/target.js';
import type { ConfigErrors } from './config-errors.js';
import type { Environment } from './environment.js';
import { parseRegistryAddress } from './registry-address.js';

const Credentials = z.strictObject({
  username: z.string().min(1),
  /** Name of the environment variable with the password; also read as `NAME_FILE`. */
  passwordVariable: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable'),
});

/** `targets.NAME` of `ferry.yaml`. */
export const TargetEntry = z.strictObject({
  registry: z.string().min(1).optional(),
  namespace: z.string().optional(),
  naming: z.enum(NamingScheme).optional(),
  manifestPolicy: z.enum(ManifestPolicy).optional(),
  referrers: z.boolean().optional(),
  engine: z.enum(['registry', 'docker']).optional(),
  names: z.record(z.string(), z.string()).optional(),
  credentials: Credentials.optional(),
});

type TargetEntry = z.infer<typeof TargetEntry>;

interface FileWithTargets {
  readonly path: string;
  readonly targets?: Readonly<Record<string, TargetEntry>> | undefined;
  /** Default for targets that do not set it. */
  readonly referrers?: boolean | undefined;
}

/** The targets of the two sets of variables and of `ferry.yaml`, in that order, with their hosts' settings. */
export function readTargets(
  environment: Environment,
  file: FileWithTargets,
  hosts: Map<string, HostSettings>,
  errors: ConfigErrors,
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
        errors.add(
          `${file.path}: targets.${name} needs ${name === 'aliyun' ? 'ALIYUN_REGISTRY' : 'MY_REGISTRY'}, which is not set`,
        );
      }
      continue;
    }
    if (entry.registry === undefined) {
      errors.add(`${file.path}: targets.${name} has no registry`);
      continue;
    }
    const made = makeTarget(
      name,
      entry.registry,
      `${file.path}: targets.${name}.registry`,
      entry.naming ?? NamingScheme.nested,
      '',
    );
    if (made !== undefined) targets.push(made);
  }
  return targets;

  function variablesTarget(name: string, variable: string, naming: NamingScheme, namespaceVariable?: string) {
    return (): Target[] | undefined => {
      const registry = errors.try(() => environment.value(variable));
      if (registry === undefined) return undefined;
      const namespace = namespaceVariable === undefined ? '' : errors.try(() => environment.value(namespaceVariable));
      if (namespace === undefined) {
        errors.add(`${variable} is set but ${String(namespaceVariable)} is not: set the namespace for the images`);
        return undefined;
      }
      const made = makeTarget(name, registry, variable, naming, namespace);
      return made === undefined ? undefined : [made];
    };
  }

  function makeTarget(name: string, registry: string, where: string, naming: NamingScheme, namespace: string) {
    const parsed = errors.try(() => parseRegistryAddress(registry, where));
    if (parsed === undefined) return undefined;
    const { host, scheme } = parsed;
    hosts.set(host, { ...hosts.get(host), ...(scheme === undefined ? {} : { scheme }) });
    const entry = entries.get(name);
    const target: Target = {
      name,
      registry: host,
      namespace: (entry?.namespace ?? namespace).replace(/^\/+|\/+$/g, ''),
      naming: entry?.naming ?? naming,
      manifestPolicy: entry?.manifestPolicy ?? defaultManifestPolicy(host),
      explicitNames: {},
      ...engineOf(entry, file),
    };
    if (entry?.engine === 'docker' && entry.referrers === true) {
      errors.add(
        `${file.path}: targets.${name} has "engine: docker", which does not copy referrers: remove one of them`,
      );
    }
    errors.try(
      () => assertTargetNamespace(target),
      entry?.namespace === undefined ? undefined : `${file.path}: targets.${name}.namespace`,
    );
    return {
      ...target,
      explicitNames: readExplicitNames(entry?.names ?? {}, `${file.path}: targets.${name}.names`, target, errors),
    };
  }
}

/** The Docker engine copies images only, without referrers. */
function engineOf(entry: TargetEntry | undefined, file: FileWithTargets): Pick<Target, 'engine' | 'referrers'> {
  if (entry?.engine === 'docker') return { engine: 'docker' };
  return (entry?.referrers ?? file.referrers) === true ? { referrers: true } : {};
}

/** Reads `names` of a target: keys in canonical form, each name valid on the target. */
function readExplicitNames(
  names: Readonly<Record<string, string>>,
  where: string,
  target: Target,
  errors: ConfigErrors,
): Readonly<Record<string, string>> {
  const read = new Map<string, string>();
  for (const [source, repository] of Object.entries(names)) {
    const key = errors.try(() => parseSourceRepository(source), where);
    errors.try(() => assertTargetRepository(repository, target), where);
    if (key === undefined) continue;
    if (read.has(key)) errors.add(`${where} contains ${key} twice, the second time as "${source}"`);
    read.set(key, repository);
  }
  return Object.fromEntries(read);
}

function parseSourceRepository(text: string): string {
  if (/@|:[^/]*$/.test(text)) {
    throw new InvalidInput(`"${text}" has a tag or digest: expected a repository`, 'configuration');
  }
  return sourceRepository(parseImageReference(text));
}
