/**
 * A manifest of 127 layers has about 2,000 values, an index of 2,000 manifests 30,000, the longest list of tags 200,000. A
 * byte of text can cost 20 as objects.
 */
const MOST_VALUES = 250_000;
/** Parsing knows no depth, but whatever walks through the result afterwards does. */
const MOST_LEVELS = 100;

const quote = '"'.charCodeAt(0);
const backslash = '\\'.charCodeAt(0);
const comma = ','.charCodeAt(0);
const colon = ':'.charCodeAt(0);
const opening = new Set(['[', '{'].map((character) => character.charCodeAt(0)));
const closing = new Set([']', '}'].map((character) => character.charCodeAt(0)));

/** JSON with more in it than any document of a registry has. */
export class JsonBeyondBounds extends SyntaxError {}

/**
 * `JSON.parse` for text of others: what is small as text may be large as objects.
 *
 * @throws JsonBeyondBounds; SyntaxError for what is no JSON
 */
export function parseBoundedJson(text: string): unknown {
  assertBounded(text);
  return JSON.parse(text) as unknown;
}

function assertBounded(text: string): void {
  let values = 1;
  let level = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === quote) at = endOfText(text, at);
    else if (opening.has(character)) {
      values++;
      level++;
      if (level > MOST_LEVELS) throw new JsonBeyondBounds(`JSON with more than ${MOST_LEVELS} levels`);
    } else if (closing.has(character)) level--;
    else if (character === comma || character === colon) values++;
    if (values > MOST_VALUES) throw new JsonBeyondBounds(`JSON with more than ${MOST_VALUES} values`);
  }
}

/** The position of the quote that ends a text. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}
