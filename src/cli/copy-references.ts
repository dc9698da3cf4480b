import { defaultManifestPolicy } from '../domain/default-manifest-policy.js';
import { InvalidInput } from '../domain/ferry-error.js';
import { parseImageReference } from '../domain/image-reference.js';
import type { ImageReference } from '../domain/image-reference.js';
import { targetTag } from '../domain/target-name.js';
import type { HostSettings } from '../registry/client-options.js';
import type { CopyTarget } from '../registry/copy-types.js';

/** A reference as a person types it. */
export interface Typed {
  /** As it was typed. */
  readonly text: string;
  readonly host: string;
  readonly reference: ImageReference;
  readonly scheme?: 'http' | 'https';
}

/** A reference that is copied to. */
export interface CopyTyped extends Typed {
  readonly target: CopyTarget;
}

/** `http://` or `https://` in front of the host decides how it is spoken to, as in the configuration. */
export function parseTyped(text: string): Typed {
  const [, scheme, rest = ''] = /^(?:(https?):\/\/)?(.*)$/is.exec(text.trim()) ?? [];
  const reference = parseImageReference(rest);
  const lower = scheme?.toLowerCase();
  return {
    text: text.trim(),
    host: reference.host,
    reference,
    ...(lower === 'http' || lower === 'https' ? { scheme: lower } : {}),
  };
}

/** A whole reference; without a tag it gets the source's. @throws InvalidInput */
export function parseTarget(text: string, source: ImageReference): CopyTyped {
  const typed = parseTyped(text);
  const { host, path, digest } = typed.reference;
  if (digest !== undefined) {
    throw new InvalidInput(
      `the target "${text}" has a digest: a target is a tag, leave "@${digest}" out`,
      'invalid-reference',
    );
  }
  const lastPart = text.slice(text.lastIndexOf('/') + 1);
  const tag = lastPart.includes(':') ? (typed.reference.tag ?? 'latest') : targetTag(source);
  const name = `${host}/${path}:${tag}`;
  return { ...typed, target: { name, host, repository: path, tag, manifestPolicy: defaultManifestPolicy(host) } };
}

export function assertAllDifferent(targets: readonly { readonly target: CopyTarget }[]): void {
  const names = new Set<string>();
  for (const { target } of targets) {
    if (names.has(target.name)) throw new InvalidInput(`the target ${target.name} is given twice`, 'invalid-reference');
    names.add(target.name);
  }
}

/** What was typed decides about the scheme alone. */
export function settingsOf(
  host: string,
  scheme: 'http' | 'https' | undefined,
  configured: HostSettings = {},
): readonly [string, HostSettings][] {
  return scheme === undefined ? [] : [[host, { ...configured, scheme }]];
}
