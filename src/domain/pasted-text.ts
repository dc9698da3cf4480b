import type { RequestedImage } from './requested-image.js';
import { readRequestedText } from './requested-text.js';

/** What is understood of one line of a pasted text. */
export interface PastedLine {
  /** Number of its first line in the text, from 1. */
  readonly line: number;
  readonly text: string;
  /** Of a compose file. */
  readonly service?: string | undefined;
  /** Also refused ones, with the reason. */
  readonly images: readonly RequestedImage[];
}

const longestShown = 500;

/** Whether a text is a compose file: then it is read as a whole. */
export function looksLikeCompose(text: string): boolean {
  return /^services\s*:\s*(?:#.*)?$/m.test(text);
}

/**
 * readPastedLines reads a text line by line: each line is understood or refused for itself, so that one that is not an
 * image does not affect the others. A line that ends with a backslash continues on the next one.
 */
export function readPastedLines(text: string): readonly PastedLine[] {
  const lines = text.split(/\r\n|[\n\r\u0085\u2028\u2029]/);
  const read: PastedLine[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const first = index;
    let whole = lines[index] ?? '';
    while (/[ \t]\\[ \t]*$/.test(whole) && index + 1 < lines.length) {
      index += 1;
      whole = `${whole.replace(/\\[ \t]*$/, '')}${(lines[index] ?? '').trimStart()}`;
    }
    const images = readRequestedText(whole);
    if (images.length > 0) read.push({ line: first + 1, text: whole.trim().slice(0, longestShown), images });
  }
  return read;
}

/** The number of the line of a service's image in a compose file; 1 if it is not written there. */
export function lineOfService(text: string, service: string): number {
  const lines = text.split(/\r\n|\n|\r/);
  const named = lines.findIndex(
    (line) =>
      line
        .trim()
        .replace(/\s*:.*$/, '')
        .replace(/^["']|["']$/g, '') === service,
  );
  if (named < 0) return 1;
  const indent = /^\s*/.exec(lines[named] ?? '')?.[0].length ?? 0;
  for (let index = named + 1; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (line.trim() === '') continue;
    if ((/^\s*/.exec(line)?.[0].length ?? 0) <= indent) break;
    if (/^\s*image\s*:/.test(line)) return index + 1;
  }
  return named + 1;
}
