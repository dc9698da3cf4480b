import { readRequestedLine } from './requested-line.js';
import type { ReadLine } from './requested-line.js';
import type { RequestedImage } from './requested-image.js';
import { withoutPassword } from '../../packages/registry/src/oci/typed-password.js';

/** As much of a refused text as answers show. */
const longestShown = 1_000;
/** A key of YAML, other than those of images; a colon within a reference has no blank behind it. */
const otherKey = /^\s*(?:-\s+)?["']?(?!images?["']?\s*:)([A-Za-z_][\w.-]*)["']?\s*:(?:\s+(?!\/\/)|$)/i;
/** How far into a refused text its reason looks, so that one without an end costs no more. */
const longestLine = 10_000;

/**
 * Reads a text that names images: one, or a list with a line or a comma for each, in the forms in which people keep and
 * paste them. Comments follow a `#`. What is not understood is an entry with its reason, and is refused by itself.
 */
export function readRequestedText(text: string): readonly RequestedImage[] {
  const lines = linesOf(text);
  // A slip such as `nginx:` alone is told as one.
  const key = lines
    .filter((line) => lines.length > 1 || /\s/.test(line.trim()))
    .map((line) => otherKey.exec(line)?.[1])
    .find((found) => found !== undefined);
  if (key !== undefined) {
    const reason = `it is YAML with keys such as "${key.slice(0, 60)}", and may hold other things than images: write one image a line (platforms beside it)`;
    return [refusedText(lines.join('\n'), reason)];
  }
  const read = lines.map((line) => ({ line, found: readOne(line, lines.length === 1) }));
  return withoutStrayPlatforms(read).flatMap(({ line, found }) => entriesOf(line, found));
}

/** A text that is refused whole; what is shown of it holds no password. */
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

/** Which image a platform in a line of its own belongs to is not known: none of the text is taken then. */
function withoutStrayPlatforms(read: readonly ReadOne[]): readonly ReadOne[] {
  const stray = read.find(({ found }) => found.kind === 'platforms');
  if (stray === undefined || read.length === 1) return read;
  const reason = `the platform "${stray.line.trim().slice(0, 80)}" stands in a line of its own: write it beside its image, like "nginx:1.27 --platform linux/arm64"`;
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

/** A line may be a long list with commas: it is read in pieces, as long as each is one image. */
function readLongLine(line: string, isAlone: boolean): ReadLine {
  const images: string[] = [];
  for (const piece of line.split(',')) {
    if (piece.length > longestLine)
      return { kind: 'refused', reason: `it has ${piece.length} characters without a comma` };
    const read = readRequestedLine(piece, isAlone);
    if (read.kind !== 'images' || read.platforms !== undefined) {
      return { kind: 'refused', reason: 'it is a long line with more than images in it: write one image a line' };
    }
    images.push(...read.images);
  }
  return { kind: 'images', images };
}

/** Without comments and blank lines; a line that ends with a backslash goes on in the next. */
function linesOf(text: string): readonly string[] {
  return text
    .split(/\r\n|[\n\r\u0085\u2028\u2029]/)
    .map((line) => line.replace(/(^|\s)#.*$/s, ''))
    .join('\n')
    .replaceAll(/[ \t]\\[ \t]*\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
}
