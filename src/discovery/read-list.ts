import { referenceOf } from '../domain/image-text.js';
import { readRequestedText } from '../domain/requested-text.js';
import type { Discovery } from './discovery.js';

/** Reads a plain list: one image per line, with comments after `#`. A line that is not understood is reported. */
export function readList(discovery: Discovery, text: string, source: string): void {
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    if (line.replace(/(^|\s)#.*$/, '').trim() === '') continue;
    for (const { image, refused } of readRequestedText(line)) {
      const reference = refused === undefined ? referenceOf(image) : undefined;
      if (reference === undefined) {
        discovery.fault(`${source}:${index + 1}`, refused ?? `"${image.slice(0, 200)}" is not an image reference`);
        continue;
      }
      discovery.find(reference, 'certain', { source, line: index + 1, path: 'line', rule: 'list', text: image });
    }
  }
}

/** Whether every line of a text can be an image of a list, so that it is none of prose. */
export function looksLikeList(text: string): boolean {
  const lines = text
    .split(/\r\n|\n|\r/, 200)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
  return lines.length > 0 && lines.every((line) => !/\s/.test(line) && referenceOf(line) !== undefined);
}
