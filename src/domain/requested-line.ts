import { isPlatformWord, parsePlatformSelection } from '@image-ferry/registry/platform';
import { excerpt, looksLikeHost, usableReference } from '@image-ferry/registry/reference';

import { bareRegistry } from './bare-registry.js';
import { InvalidInput } from './ferry-error.js';
import { lineWords, namesOfCopies } from './request-words.js';
import type { LineWords } from './request-words.js';

/** The result for one line: everything in it, or a refusal. */
export type ReadLine =
  | { readonly kind: 'images'; readonly images: readonly string[]; readonly platforms?: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string }
  /** Platforms without an image. */
  | { readonly kind: 'platforms'; readonly reason: string };

/** Headings of table columns. */
const headings =
  /^(?:images?|names?|platforms?|tags?|repository|repositories|arch|architecture|os|registry|source|target|image[_-]?(?:name|id))$/i;
/** Placeholders that programs print for a missing value. */
const noValues = /^(?:null|undefined|none|nil|nan|true|false|n\/a|\[?object|object\]?)$/i;
/** A tag in a column of its own or after a comma is not an image, although it matches the grammar. */
const tagAlone = /^(?:latest|stable|edge|nightly|v?\d+(?:\.\d+)*(?:[-._][\w.-]*)?)$/i;

/**
 * readRequestedLine parses one line of a request: an image with its platforms on either side, several images separated by
 * commas, a `docker pull`. A line that is not fully understood is refused whole, with a correction: half of a line could
 * be an image or a platform that the sender did not request.
 *
 * @param isAlone whether the text has no other line: only then images may be separated by blanks alone
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
    const reason = `it is a platform without an image: type "nginx:1.27 --platform ${platforms.join(',')}"`;
    return { kind: 'platforms', reason };
  }
  if (images.length > 1 && platforms.length > 0) {
    return refused(`a platform is given for ${images.length} images: write each image on its own line`);
  }
  const mixed = mixedUp(words, isAlone || words.isPull);
  if (mixed !== undefined) return refused(mixed);
  const heading = images.find((word) => headings.test(word) && !isRegistryImage(word, images));
  if (heading !== undefined) return refused(headingReason(heading));
  return { kind: 'images', images, ...(platforms.length === 0 ? {} : { platforms }) };
}

function unclearWord(images: readonly string[], isPull: boolean): string | undefined {
  if (images.length > 0 && images.every((word) => headings.test(word)) && !isRegistryImage(images[0], images)) {
    return headingReason(images[0]);
  }
  const empty = images.find((word) => noValues.test(word));
  if (empty !== undefined) {
    return `expected an image, got "${empty}": the program that wrote it had no value`;
  }
  const ports = images.find((word) => /^\d+:\d+$/.test(word));
  if (ports !== undefined) return `"${excerpt(ports)}" is not an image: a name does not consist of digits alone`;
  const tag = images.find((word) => tagAlone.test(word) && bareRegistry(word) === undefined);
  if (tag === undefined) return undefined;
  const [first = '', second] = images;
  const whole = images.length === 2 && tag === second && !isPull ? usableReference(`${first}:${tag}`) : undefined;
  return whole === undefined
    ? `"${excerpt(tag)}" looks like a tag without its image: type the image and its tag, like "nginx:${excerpt(tag)}"`
    : `"${excerpt(tag)}" looks like the tag of ${first}: type "${whole}"`;
}

function headingReason(word = ''): string {
  return `"${excerpt(word)}" is the heading of a table, or a word without an image: type the image, like "nginx:1.27"`;
}

/** `registry` is a heading, but also an official image of Docker Hub: among other headings it is one of them. */
function isRegistryImage(word: string | undefined, images: readonly string[]): boolean {
  return word === 'registry' && images.every((other) => other === word || !headings.test(other));
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
 * Blanks also separate the words of a sentence, the columns of a table, and a source from its target. Such a line is
 * accepted only if every word is clearly an image.
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
    return `it has two columns with the same image: if the second is another name for the copy, type "${first}" alone (${namesOfCopies}); else write each on its own line`;
  }
  const instead =
    first !== undefined && others.length === 0 ? `type the image alone, "${first}"` : 'write one image per line';
  return `not every word is an image with a tag: ${instead}, or separate images with commas`;
}

/** It has a tag, a digest or a registry host, which no word of a sentence has. */
function isUnmistakable(word: string): boolean {
  const isMarked =
    /[^/]:[^/]+$/.test(word) ||
    /@sha(?:256|512):/.test(word) ||
    (word.includes('/') && looksLikeHost(word.split('/')[0] ?? ''));
  return isMarked && usableReference(word) !== undefined;
}

function refused(reason: string): ReadLine {
  return { kind: 'refused', reason };
}
