import { withoutPassword } from '@image-ferry/registry/reference';

import type { RequestedImage } from './requested-image.js';
import { readRequestedLine } from './requested-line.js';
import type { ReadLine } from './requested-line.js';

/** Limit for the part of a refused text that answers show. */
const longestShown = 1_000;
/** A YAML key other than `image` or `images`. A colon in a reference is not followed by a blank. */
const otherKey = /^\s*(?:-\s+)?["']?(?!images?["']?\s*:)([A-Za-z_][\w.-]*)["']?\s*:(?:\s+(?!\/\/)|$)/i;
/** Limit for the part of a refused text that is examined for the reason. */
const longestLine = 10_000;

/**
 * readRequestedText parses a text with images: one, or a list separated by lines or commas, in the usual forms. Comments
 * follow a `#`. A part that is not understood becomes an entry with a reason and does not affect the others.
 */
export function readRequestedText(text: string): readonly RequestedImage[] {
  const lines = linesOf(text);
  // A typo such as `nginx:` alone gets its own message.
  const key = lines
    .filter((line) => lines.length > 1 || /\s/.test(line.trim()))
    .map((line) => otherKey.exec(line)?.[1])
    .find((found) => found !== undefined);
  if (key !== undefined) {
    const reason = `it is YAML with keys such as "${key.slice(0, 60)}", and may contain more than images: write one image per line (with its platforms)`;
    return [refusedText(lines.join('\n'), reason)];
  }
  const read = lines.map((line) => ({ line, found: readOne(line, lines.length === 1) }));
  return withoutStrayPlatforms(read).flatMap(({ line, found }) => entriesOf(line, found));
}

/** A text that is refused whole. The shown part contains no password. */
export function refusedText(text: string, reason: string): RequestedImage {
  return { image: withoutPassword(text.trim().slice(0, 4 * longestShown)).slice(0, longestShown), refused: reason };
}

/** Whether a text is a platform without an image, such as `--platform linux/arm64`. */
export function isPlatformAlone(text: string): boolean {
  return readRequestedLine(text.slice(0, longestLine), true).kind === 'platforms';
}

interface ReadOne {
  readonly line: string;
  readonly found: ReadLine;
}

/** Refuses the whole text if a line is only a platform: it is not clear which image it belongs to. */
function withoutStrayPlatforms(read: readonly ReadOne[]): readonly ReadOne[] {
  const stray = read.find(({ found }) => found.kind === 'platforms');
  if (stray === undefined || read.length === 1) return read;
  const reason = `the platform "${stray.line.trim().slice(0, 80)}" is on a line of its own: write it next to its image, like "nginx:1.27 --platform linux/arm64"`;
  return read.map(({ line }) => ({ line, found: { kind: 'refused', reason } }));
}

function entriesOf(line: string, found: ReadLine): readonly RequestedImage[] {
  if (found.kind !== 'images') return [refusedText(line, found.reason)];
  const { images, platforms } = found;
  return images.map((image) => (platforms === undefined ? { image } : { image, platforms }));
}

function readOne(line: string, isAlone: boolean): ReadLine {
  if (line.length <= longestLine) return readRequestedLine(line, isAlone);
  return readLongLine(line, isAlone);
}

/** A long list with commas is parsed in pieces, as long as each piece is one image. */
function readLongLine(line: string, isAlone: boolean): ReadLine {
  const images: string[] = [];
  for (const piece of line.split(',')) {
    if (piece.length > longestLine)
      return { kind: 'refused', reason: `it has ${piece.length} characters without a comma` };
    const read = readRequestedLine(piece, isAlone);
    if (read.kind !== 'images' || read.platforms !== undefined) {
      return { kind: 'refused', reason: 'it is a long line with more than images in it: write one image per line' };
    }
    images.push(...read.images);
  }
  return { kind: 'images', images };
}

/** Removes comments and blank lines, and joins lines that end with a backslash. */
function linesOf(text: string): readonly string[] {
  return text
    .split(/\r\n|[\n\r\u0085\u2028\u2029]/)
    .map((line) => line.replace(/(^|\s)#.*$/s, ''))
    .join('\n')
    .replaceAll(/[ \t]\\[ \t]*\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
}
