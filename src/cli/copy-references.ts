import type { CopyTarget, HostSettings } from '@image-ferry/registry';
import { defaultManifestPolicy } from '@image-ferry/registry/manifest';
import { canonicalHost, parseImageReference } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import { bareRegistry } from '../domain/bare-registry.js';
import { InvalidInput } from '../domain/ferry-error.js';
import { commonTag } from '../domain/target-tag.js';

/** A reference as the user typed it. */
export interface Typed {
  /** The text as typed. */
  readonly text: string;
  readonly host: string;
  readonly reference: ImageReference;
  readonly scheme?: 'http' | 'https' | undefined;
}

/** A reference to copy to. */
export interface CopyTyped extends Typed {
  readonly target: CopyTarget;
}

/**
 * Parses a reference. `http://` or `https://` before the host selects the scheme, as in the configuration.
 *
 * @throws InvalidInput also for a registry without a repository
 */
export function parseTyped(text: string): Typed {
  const { scheme, rest } = splitScheme(text);
  const registry = bareRegistry(rest) ?? (scheme === undefined ? undefined : hostAlone(rest));
  if (registry !== undefined) throw withoutRepository(text, `${canonicalHost(registry)}/owner/name:tag`);
  const reference = parseImageReference(rest);
  return {
    text: text.trim(),
    host: reference.host,
    reference,
    scheme,
  };
}

/** Parses a complete target reference; without a tag it gets the source's tag. @throws InvalidInput */
export function parseTarget(text: string, source: ImageReference): CopyTyped {
  const registry = registryAlone(text);
  if (registry !== undefined) {
    throw withoutRepository(text, `${canonicalHost(registry)}/${source.path}:${commonTag(source)}`);
  }
  const typed = parseTyped(text);
  const { host, path, digest } = typed.reference;
  if (digest !== undefined) {
    throw new InvalidInput(
      `the target "${text}" has a digest: a target is a tag; remove "@${digest}"`,
      'invalid-reference',
    );
  }
  const lastPart = text.slice(text.lastIndexOf('/') + 1);
  const tag = lastPart.includes(':') ? (typed.reference.tag ?? 'latest') : commonTag(source);
  const name = `${host}/${path}:${tag}`;
  return { ...typed, target: { name, host, repository: path, tag, manifestPolicy: defaultManifestPolicy(host) } };
}

function splitScheme(text: string): { readonly scheme?: 'http' | 'https'; readonly rest: string } {
  const [, scheme, rest = ''] = /^(?:(https?):\/\/)?(.*)$/is.exec(text.trim()) ?? [];
  const lower = scheme?.toLowerCase();
  return lower === 'http' || lower === 'https' ? { scheme: lower, rest } : { rest };
}

/** As a target, a name with a dot and no tag also means a registry: Docker Hub's own images are never a target. */
function registryAlone(text: string): string | undefined {
  const { scheme, rest } = splitScheme(text);
  const isHost = scheme !== undefined || /^[^:]+\.[^:]+$/.test(rest);
  return bareRegistry(rest) ?? (isHost ? hostAlone(rest) : undefined);
}

function hostAlone(rest: string): string | undefined {
  return /^([^\s/@]+)\/*$/.exec(rest)?.[1];
}

function withoutRepository(text: string, instead: string): InvalidInput {
  return new InvalidInput(`"${text.trim()}" is a registry without a repository: use ${instead}`, 'invalid-reference');
}

export function assertAllDifferent(targets: readonly { readonly target: CopyTarget }[]): void {
  const names = new Set<string>();
  for (const { target } of targets) {
    if (names.has(target.name)) throw new InvalidInput(`the target ${target.name} is given twice`, 'invalid-reference');
    names.add(target.name);
  }
}

/** A typed scheme overrides the configured one and nothing else. */
export function settingsOf(
  host: string,
  scheme: 'http' | 'https' | undefined,
  configured: HostSettings = {},
): readonly [string, HostSettings][] {
  return scheme === undefined ? [] : [[host, { ...configured, scheme }]];
}
