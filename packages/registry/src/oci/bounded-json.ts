/**
 * A manifest of 127 layers has about 2,000 values, an index of 2,000 manifests 30,000, the longest list of tags 200,000. A
 * byte of text can cost 20 as objects.
 */
const maxValues = 250_000;
/** The parser has no depth limit, but recursive code that walks the result has one. */
const maxLevels = 100;

const quote = '"'.charCodeAt(0);
const backslash = '\\'.charCodeAt(0);
const comma = ','.charCodeAt(0);
const colon = ':'.charCodeAt(0);
const opening = new Set(['[', '{'].map((character) => character.charCodeAt(0)));
const closing = new Set([']', '}'].map((character) => character.charCodeAt(0)));

/** JSON that exceeds the limits: no document of a registry is this large or this deep. */
export class JsonBeyondBounds extends SyntaxError {}

/**
 * parseBoundedJson is `JSON.parse` for untrusted text: a small text can become large as objects.
 *
 * @throws JsonBeyondBounds; SyntaxError if the text is not JSON
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
      if (level > maxLevels) throw new JsonBeyondBounds(`JSON with more than ${maxLevels} levels`);
    } else if (closing.has(character)) level--;
    else if (character === comma || character === colon) values++;
    if (values > maxValues) throw new JsonBeyondBounds(`JSON with more than ${maxValues} values`);
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
