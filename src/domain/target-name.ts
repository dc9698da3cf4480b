import { pathFault, sourceRepository } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

import { assertTargetNamespace, assertTargetRepository, nameLimits, targetRepositoryFault } from './target-limits.js';
import type { NameLimits } from './target-limits.js';
import { NamingScheme } from './target.js';
import type { Target } from './target.js';

/** Two repositories (paths on the target, without host) for one source repository. */
export interface TargetRepositoryCandidates {
  /** The name that people expect. The first source repository that claims it owns it permanently. */
  readonly preferred: string;
  /** The name for any later source repository; the same as `preferred` if only this one is valid. */
  readonly suffixed: string;
}

const suffixLength = 10;
/** Minimum length that a slug keeps when it is cut in favor of the components above it. */
const readableSlugLength = 32;

/**
 * targetRepositoryCandidates returns the names that a source repository may have on a target. They depend only on the
 * target's naming. Each is valid on the target: a preferred name that is not (too long, too short, too many levels) is
 * replaced by the suffixed one.
 * @throws InvalidInput (`target-name`) if the target's namespace or an explicit name is invalid there
 */
export function targetRepositoryCandidates(source: ImageReference, target: Target): TargetRepositoryCandidates {
  const limits = nameLimits(target);
  assertTargetNamespace(target);
  const repository = sourceRepository(source);
  const explicit = explicitName(repository, target);
  if (explicit !== undefined) assertTargetRepository(explicit, target);
  const requested = explicit?.split('/') ?? schemeComponents(source, target);
  const fixed = explicit === undefined ? namespaceOf(target).length : requested.length - 1;
  const suffixed = suffixedName(repository, requested, { ...limits, fixed });
  assertTargetRepository(suffixed, target);

  const name = requested.join('/');
  const suffixAlways = explicit === undefined && target.naming === NamingScheme.hash;
  const isLegal = targetRepositoryFault(name, limits) === undefined;
  return { preferred: isLegal && !suffixAlways ? name : suffixed, suffixed };
}

/**
 * The repositories to try, in order. A name that the source already has on the target, in the same namespace, is kept:
 * names from older scripts are not always the plain ones.
 * @param owned repositories (paths without host) of the target that belong to the source, the first claimed first
 * @throws InvalidInput `target-name`
 */
export function targetRepositoriesToTry(
  source: ImageReference,
  target: Target,
  owned: readonly string[],
): readonly string[] {
  const { preferred, suffixed } = targetRepositoryCandidates(source, target);
  if (owned.includes(preferred) || explicitName(sourceRepository(source), target) !== undefined) {
    return [...new Set([preferred, suffixed])];
  }
  const inherited = owned.filter((repository) => parentOf(repository) === parentOf(preferred));
  return [...new Set([...inherited.slice(0, 1), preferred, suffixed])];
}

function parentOf(repository: string): string {
  return repository.slice(0, Math.max(0, repository.lastIndexOf('/')));
}

function explicitName(repository: string, { explicitNames }: Target): string | undefined {
  return Object.hasOwn(explicitNames, repository) ? explicitNames[repository] : undefined;
}

/** Components of the name by the naming scheme, valid or not. */
function schemeComponents(source: ImageReference, target: Target): readonly string[] {
  const prefix = namespaceOf(target);
  const path = source.path.split('/');
  const last = path.at(-1) ?? '';
  switch (target.naming) {
    case NamingScheme.aliyun:
    case NamingScheme.hash:
      return [...prefix, last];
    case NamingScheme.private:
      return [...prefix, path.length > 1 ? (path[0] ?? '') : 'library', last];
    case NamingScheme.nested:
      return [...prefix, source.host.replaceAll(':', '---'), ...path];
    case NamingScheme.flat:
      return [...prefix, flatName(sourceRepository(source))];
    default:
      return target.naming satisfies never;
  }
}

function namespaceOf({ namespace }: Target): readonly string[] {
  return namespace === '' ? [] : namespace.split('/');
}

/**
 * `<slug>-<hash>` below as many of the preferred components as the target's levels and length allow. The first `fixed`
 * components, chosen by a person, are always kept.
 */
function suffixedName(
  repository: string,
  requested: readonly string[],
  { minLevels, maxLevels, maxLastLength, maxTotalLength, fixed }: NameLimits & { readonly fixed: number },
): string {
  const hash = base32(sha256(utf8ToBytes(repository))).slice(0, suffixLength);
  const slug = slugOf(repository.slice(repository.lastIndexOf('/') + 1));
  const directory = requested
    .slice(0, -1)
    .slice(0, maxLevels - 1)
    .map(legalComponent);
  const readable = Math.min(slug.length, readableSlugLength);
  while (
    directory.length > Math.max(fixed, minLevels - 1) &&
    directory.join('/').length + 1 + readable + 1 + suffixLength > maxTotalLength
  ) {
    directory.pop();
  }
  const prefix = directory.map((component) => `${component}/`).join('');
  const room = Math.min(maxLastLength, maxTotalLength - prefix.length) - 1 - suffixLength;
  return `${prefix}${slug.slice(0, Math.max(room, 1)).replace(/[._-]+$/, '')}-${hash}`;
}

function legalComponent(component: string): string {
  return pathFault(component) === undefined ? component : slugOf(component);
}

/** Valid as a component even after it is cut, and without `__` and `--`, which ACR does not document. */
function slugOf(component: string): string {
  const slug = component.replace(/[^a-z0-9._-]+|[._-]{2,}/g, '-').replace(/^[._-]+|[._-]+$/g, '');
  return slug === '' ? 'image' : slug;
}

/** RFC 4648 §6 in lower case, without padding. */
function base32(bytes: Uint8Array): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  let text = '';
  let bits = 0;
  let pending = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet.charAt((pending >> bits) & 31);
    }
    pending &= (1 << bits) - 1;
  }
  return text;
}

/** What stands for a separator in a flat name. */
const flatSeparators: Readonly<Record<string, string>> = { '/': '__', __: '--', ':': '---' };

/**
 * A whole source repository, `host/path`, as one component that can be read back: `/` becomes `__`, `__` becomes `--`,
 * the colon before a port `---`, and a run of n ≥ 2 hyphens n + 2 of them; all else stays. Two source repositories never
 * give one name. (An IPv6 address in brackets gives a name that is not legal as a component.)
 */
export function flatName(repository: string): string {
  return repository.replace(/__|-{2,}|[/:]/g, (separator) => flatSeparators[separator] ?? `${separator}--`);
}
