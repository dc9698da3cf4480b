import { bareRegistry } from './bare-registry.js';
import { InvalidInput } from './ferry-error.js';
import { looksLikeHost, parseImageReference } from '../../packages/registry/src/oci/image-reference.js';
import { isPlatformWord, parsePlatformSelection } from '../../packages/registry/src/oci/platform.js';
import { excerpt } from '../../packages/registry/src/oci/reference-grammar.js';
import { lineWords, namesOfCopies } from './request-words.js';
import type { LineWords } from './request-words.js';

/** What one line asks for: all that is written in it, or nothing. */
export type ReadLine =
  | { readonly kind: 'images'; readonly images: readonly string[]; readonly platforms?: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string }
  /** Platforms, and no image beside them. */
  | { readonly kind: 'platforms'; readonly reason: string };

/** What heads the columns of a table. */
const headings =
  /^(?:images?|names?|platforms?|tags?|repository|repositories|arch|architecture|os|registry|source|target|image[_-]?(?:name|id))$/i;
/** What programs print where they have no value. */
const noValues = /^(?:null|undefined|none|nil|nan|true|false|n\/a|\[?object|object\]?)$/i;
/** Written in a column of its own, or with a comma in front: not an image, however well it fits the grammar. */
const tagAlone = /^(?:latest|stable|edge|nightly|v?\d+(?:\.\d+)*(?:[-._][\w.-]*)?)$/i;

/**
 * Reads one line of a request: an image with its platforms on either side, several images with commas between, a
 * `docker pull`. What cannot be understood to its end is refused whole, with what to type instead: half of a line would
 * be an image, or a platform, that the sender did not ask for.
 *
 * @param isAlone whether the text has no other line: only there blanks alone may stand between images
 */
export function readRequestedLine(line: string, isAlone: boolean): ReadLine {
  const words = lineWords(line);
  if (words.kind === 'refused') return refused(words.reason);
  const { images, platforms } = words;
  const unclear = unclearWord(images, words.isPull);
  if (unclear !== undefined) return refused(unclear);

  const wrong = platformFault(platforms);
  if (wrong !== undefined) return refused(wrong);
  if (images.length === 0 && platforms.length > 0) {
    const reason = `it is a platform, and no image stands beside it: type "nginx:1.27 --platform ${platforms.join(',')}"`;
    return { kind: 'platforms', reason };
  }
  if (images.length > 1 && platforms.length > 0) {
    return refused(`a platform stands beside ${images.length} images: write each image in a line of its own`);
  }
  const mixed = mixedUp(words, isAlone || words.isPull);
  if (mixed !== undefined) return refused(mixed);
  return { kind: 'images', images, ...(platforms.length === 0 ? {} : { platforms }) };
}

function unclearWord(images: readonly string[], isPull: boolean): string | undefined {
  if (images.length > 0 && images.every((word) => headings.test(word)) && !isRegistryImage(images)) {
    return 'it is the heading of a table, or a word without an image: type the image, like "nginx:1.27"';
  }
  const empty = images.find((word) => noValues.test(word));
  if (empty !== undefined) {
    return `"${empty}" stands where an image was expected: what filled it in had no value`;
  }
  const ports = images.find((word) => /^\d+:\d+$/.test(word));
  if (ports !== undefined) return `"${excerpt(ports)}" is not an image: a name has more than digits`;
  const tag = images.find((word) => tagAlone.test(word) && bareRegistry(word) === undefined);
  if (tag === undefined) return undefined;
  const [first = '', second] = images;
  const whole = images.length === 2 && tag === second && !isPull ? usable(`${first}:${tag}`) : undefined;
  return whole === undefined
    ? `"${excerpt(tag)}" looks like a tag without its image: type the image and its tag, like "nginx:${excerpt(tag)}"`
    : `"${excerpt(tag)}" looks like the tag of ${first}: type "${whole}"`;
}

/** One of Docker Hub's own images has the name of a column. */
function isRegistryImage(images: readonly string[]): boolean {
  return images.length === 1 && images[0] === 'registry';
}

function platformFault(platforms: readonly string[]): string | undefined {
  if (platforms.length === 0) return undefined;
  try {
    parsePlatformSelection(platforms.join(','));
    return undefined;
  } catch (error) {
    if (error instanceof InvalidInput) return error.message;
    throw error;
  }
}

/**
 * Blanks alone stand between words of a sentence, too, and between the columns of a table, a source and a target: only
 * what can be nothing but images is taken from such a line.
 */
function mixedUp({ segments }: LineWords, isAlone: boolean): string | undefined {
  const side = segments.filter((segment) => segment.length > 1);
  if (side.length === 0) return undefined;
  const words = side.flat();
  const names = words.map((word) => /([^/:@]+)(?:[:@][^/]*)?$/.exec(word)?.[1] ?? word);
  const isRename = new Set(names).size < names.length;
  const isList = isAlone && !isRename && words.every((word) => isUnmistakable(word));
  if (isList) return undefined;
  const candidates = words.filter((word) => isUnmistakable(word) && !isPlatformWord(word));
  const [first, ...others] = candidates;
  if (isRename && first !== undefined) {
    return `it has two columns with the same image: if the second is another name for the copy, type "${first}" alone (${namesOfCopies}); else write each in a line of its own`;
  }
  const instead =
    first !== undefined && others.length === 0 ? `type the image alone, "${first}"` : 'write one image a line';
  return `its words are not all images with a tag: ${instead}, or put commas between images`;
}

/** It has a tag, a digest or a registry's host, which no word of a sentence has. */
function isUnmistakable(word: string): boolean {
  const isMarked =
    /[^/]:[^/]+$/.test(word) ||
    /@sha(?:256|512):/.test(word) ||
    (word.includes('/') && looksLikeHost(word.split('/')[0] ?? ''));
  return isMarked && usable(word) !== undefined;
}

function usable(candidate: string): string | undefined {
  try {
    parseImageReference(candidate);
    return candidate;
  } catch (error) {
    if (error instanceof InvalidInput) return undefined;
    throw error;
  }
}

function refused(reason: string): ReadLine {
  return { kind: 'refused', reason };
}
