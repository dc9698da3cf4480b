import type { HostSettings, MirrorSettings } from '@image-ferry/registry';
import { pathFault } from '@image-ferry/registry/reference';

import { InvalidInput } from '../domain/ferry-error.js';
import type { ConfigErrors } from './config-errors.js';
import type { HostEntry } from './config-file.js';
import { parseRegistryAddress } from './registry-address.js';

/** Reads `mirrors` of one host. A configured mirror is trusted: it may have a private address. */
export function readMirrors(
  { mirrors = [] }: HostEntry,
  where: string,
  { hosts, errors }: { readonly hosts: Map<string, HostSettings>; readonly errors: ConfigErrors },
): readonly MirrorSettings[] {
  return mirrors.flatMap((entry) => {
    const { registry, resolveTags = false } = typeof entry === 'string' ? { registry: entry } : entry;
    return errors.try(() => readMirror(registry, resolveTags)) ?? [];
  });

  function readMirror(text: string, resolvesTags: boolean): MirrorSettings {
    const [, registry = '', prefix] = /^((?:https?:\/\/)?[^/]*)(?:\/(.+?))?\/?$/i.exec(text.trim()) ?? [];
    const { host, scheme } = parseRegistryAddress(registry, `${where}.mirrors`);
    const fault = prefix === undefined ? undefined : pathFault(prefix);
    if (fault !== undefined) throw new InvalidInput(`${where}.mirrors: "${text}": ${fault}`, 'configuration');
    const { trusted: _, ...known } = hosts.get(host) ?? {};
    hosts.set(host, { ...(scheme === undefined ? {} : { scheme }), ...known });
    return { host, resolvesTags, prefix };
  }
}
