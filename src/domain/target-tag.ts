/**
 * The tag of an image on a target, and which images have one tag there. Two source references that are written to one tag of
 * a target must never be copied at the same time. Workflow code cannot see the targets, so that it compares keys:
 *
 * - `targetTag` alone decides the tag on a target.
 * - `targetTagKey` is the same for two references of one source repository if, and only if, `targetTag` is the same on a
 *   target. (References of two source repositories never have one tag: a target's repository belongs to one of them, see
 *   `target-name.ts`.)
 *
 * Nothing else may assume how a tag on a target is made. A target that is to have other tags gets them from its tag's common
 * one, in `targetTag`, by a rule that keeps different tags different (a prefix, a suffix; not a regular expression that makes
 * one of two tags): the test of this file checks that for every kind of target.
 */
import type { Target } from './target.js';

/** Of a source reference. */
interface TagAndDigest {
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
}

const algorithms = ['sha256', 'sha512'] as const;
const digestTagPrefix = 'digest-';
const digestTagLength = 12;

/** The tag on a target: the same on every target today. */
export function targetTag(source: TagAndDigest, _target: Target): string {
  return commonTag(source);
}

/** The tag before any target has a say: the source's, or one made from the digest of a source that has no tag. */
export function commonTag({ tag, digest }: TagAndDigest): string {
  if (tag !== undefined) return tag;
  // Not `sha256-<hex>`: that is how signatures and referrers are tagged.
  return digest === undefined ? 'latest' : `${digestTagPrefix}${hexOf(digest).slice(0, digestTagLength)}`;
}

/**
 * What references have in common that have one tag on a target: `host/path:tag`.
 *
 * @param image canonical `host/path:tag[@digest]` or `host/path@digest`
 */
export function targetTagKey(image: string): string {
  const [name = image, digest] = image.split('@', 2);
  const hasTag = name.lastIndexOf(':') > name.lastIndexOf('/');
  return hasTag ? name : `${name}:${commonTag({ digest })}`;
}

/** Every canonical reference of a key is the text `exact`, or begins with one of `prefixes`. */
export function referencesOfKey(key: string): { readonly exact: string; readonly prefixes: readonly string[] } {
  const colon = key.lastIndexOf(':');
  const tag = key.slice(colon + 1);
  const hex = tag.startsWith(digestTagPrefix) ? tag.slice(digestTagPrefix.length) : '';
  const isOfDigest = hex.length === digestTagLength && /^[0-9a-f]+$/.test(hex);
  const untagged = isOfDigest ? algorithms.map((algorithm) => `${key.slice(0, colon)}@${algorithm}:${hex}`) : [];
  return { exact: key, prefixes: [`${key}@`, ...untagged] };
}

function hexOf(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1);
}
