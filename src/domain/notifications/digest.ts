import { cutText, utf8Length } from './cut-text.js';
import type { DigestFacts } from './notification.js';

/** Characters of a line beside its title: its number and the line break. */
const beside = 12;
/** A title that is longer is cut, so that one does not push out the others. */
const longestTitle = 300;

/**
 * As many titles as fit into one message, in their order; what does not fit is for the next digest.
 *
 * @param longest bytes of all lines together
 * @returns `count`: how many of the titles the digest contains, at least one
 */
export function digestOf(
  titles: readonly string[],
  longest: number,
): { readonly count: number; readonly facts: DigestFacts } {
  const kept: string[] = [];
  let room = longest;
  for (const title of titles) {
    const line = cutText(title, longestTitle);
    room -= utf8Length(line) + beside;
    if (room < 0 && kept.length > 0) break;
    kept.push(line);
  }
  return { count: kept.length, facts: { about: 'digest', titles: kept } };
}
