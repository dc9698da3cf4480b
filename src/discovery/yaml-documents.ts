import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node, YAMLMap } from 'yaml';

import { errorMessage } from '../domain/error-message.js';

/** A parsed document takes hundreds of times its size. */
const largestDocument = 2 * 1024 * 1024;
const mostLines = 60_000;
/** Number of `[` and `{`. */
const mostBrackets = 60_000;
/** Nested lists on one line. */
const nestedOnALine = /(?:[-?:][ \t]+){50}/;
/** Real files merge one large block into a handful of others. */
const aliasesFollowed = 10_000;

export type Path = readonly (string | number)[];

/** One document of a YAML or JSON text, or one item of its list. */
export type YamlDocument =
  | {
      readonly kind: 'value';
      readonly value: unknown;
      /** Of its first line, from 1. */
      readonly line: number;
      readonly text: string;
      /** The line of a value; of the nearest one above it that is written there if it is merged from elsewhere. */
      lineOf(path: Path): number;
    }
  | { readonly kind: 'fault'; readonly line: number; readonly reason: string };

/**
 * Reads the documents of a YAML text one by one: only one of them is in memory in parsed form. The items of a list, such
 * as `kubectl get -o yaml` prints, are documents of their own, each an array with one item.
 */
export function* readYamlDocuments(text: string): Generator<YamlDocument> {
  for (const document of splitDocuments(text)) {
    for (const part of splitItems(document)) yield readDocument(part);
  }
}

interface TextPart {
  readonly text: string;
  readonly line: number;
}

/** A line `---` always begins a document, also inside of a block text (YAML 1.2, 9.1.2). */
function* splitDocuments(text: string): Generator<TextPart> {
  let start = 0;
  let startLine = 1;
  let line = 1;
  let position = 0;
  while (position < text.length) {
    const end = text.indexOf('\n', position);
    const next = end < 0 ? text.length : end + 1;
    if (position > start && /^---(?:\s|$)/.test(text.slice(position, position + 4))) {
      yield* written(text.slice(start, position), startLine);
      start = position;
      startLine = line;
    }
    position = next;
    line += 1;
  }
  yield* written(text.slice(start), startLine);
}

/** A document of comments and directives alone is none. */
function* written(text: string, line: number): Generator<TextPart> {
  if (/^(?!---[ \t\r]*(?:#.*)?$|\.\.\.|[ \t]*#|%|[ \t\r]*$)/m.test(text)) yield { text, line };
}

/** The items of `items:` at the first level, if the document is large enough to matter. */
function* splitItems({ text, line }: TextPart): Generator<TextPart> {
  const header = /^items:[ \t]*\n/m.exec(text);
  if (text.length < 64 * 1024 || header === null || !/^kind:[ \t]*["']?\w*List\b/m.test(text)) {
    yield { text, line };
    return;
  }
  let start = header.index + header[0].length;
  const indent = /^ *(?=- )/.exec(text.slice(start, start + 100))?.[0] ?? '';
  const item = new RegExp(`^${indent}- `);
  let at = line + text.slice(0, start).split('\n').length - 1;
  let startLine = at;
  let position = start;
  while (position < text.length) {
    const end = text.indexOf('\n', position);
    const ahead = text.slice(position, position + indent.length + 2);
    const isOver = /^[A-Za-z]/.test(ahead);
    if (position > start && (item.test(ahead) || isOver)) {
      yield { text: text.slice(start, position), line: startLine };
      start = position;
      startLine = at;
    }
    if (isOver) return;
    position = end < 0 ? text.length : end + 1;
    at += 1;
  }
  if (start < text.length) yield { text: text.slice(start), line: startLine };
}

function readDocument({ text, line }: TextPart): YamlDocument {
  const json = /^\s*[{[]/.test(text) ? parseJson(text) : undefined;
  if (json !== undefined) {
    return { kind: 'value', value: json.value, text, line, lineOf: jsonLines(text, line, json.value) };
  }
  const fault = sizeFault(text);
  if (fault !== undefined) return { kind: 'fault', line, reason: fault };

  const lineCounter = new LineCounter();
  const document = parseDocument(text, { merge: true, uniqueKeys: false, lineCounter, logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) {
    const at = line + (error.linePos?.[0].line ?? 1) - 1;
    return { kind: 'fault', line: at, reason: `it is not YAML: ${error.message.split('\n', 1)[0] ?? ''}` };
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: aliasesFollowed });
    const lineOf = (path: Path): number => line + lineCounter.linePos(offsetOf(document, path)).line - 1;
    return { kind: 'value', value, text, line, lineOf };
  } catch (thrown) {
    return { kind: 'fault', line, reason: `it cannot be resolved: ${errorMessage(thrown)}` };
  }
}

/** Why a text is not parsed: it would exhaust the memory. */
function sizeFault(text: string): string | undefined {
  if (text.length > largestDocument) {
    return `one document has ${text.length} characters; the maximum is ${largestDocument}`;
  }
  const lines = text.split('\n', mostLines + 1).length;
  if (lines > mostLines) return `one document has more than ${mostLines} lines`;
  const isNested = text.split(/[[{]/, mostBrackets + 2).length > mostBrackets + 1 || nestedOnALine.test(text);
  return isNested ? 'its lists and maps are nested too deeply' : undefined;
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** The position of a value in the text, or of what contains it. */
function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents;
  let offset = rangeOf(node) ?? 0;
  for (const step of path) {
    const found = childOf(document, node, step);
    if (found === undefined) return offset;
    node = found;
    offset = rangeOf(node) ?? offset;
  }
  return offset;
}

function childOf(document: Document, parent: unknown, step: string | number): unknown {
  const node = isAlias(parent) ? parent.resolve(document) : parent;
  if (isSeq(node)) return node.items[Number(step)];
  if (!isMap(node)) return undefined;
  const own = valuesOf(node);
  if (own.has(String(step))) return own.get(String(step));
  const merged = node.items.filter((pair) => keyOf(pair.key) === '<<').map((pair) => pair.value);
  for (const source of merged.flatMap((value) => (isSeq(value) ? value.items : [value]))) {
    const found = childOf(document, source, step);
    if (found !== undefined) return found;
  }
  return undefined;
}

const valuesByMap = new WeakMap<YAMLMap, ReadonlyMap<string, unknown>>();

/** The values of a map by key; of a key that is there twice, the last one. A large map is searched for each of its images. */
function valuesOf(map: YAMLMap): ReadonlyMap<string, unknown> {
  const known = valuesByMap.get(map);
  if (known !== undefined) return known;
  const values = new Map(map.items.filter(isPair).map((pair) => [keyOf(pair.key), pair.value]));
  valuesByMap.set(map, values);
  return values;
}

function keyOf(key: unknown): string {
  const value = isScalar(key) ? key.value : key;
  // The parser marks a merge key by a symbol.
  return typeof value === 'symbol' ? (value.description ?? '') : String(value);
}

function rangeOf(node: unknown): number | undefined {
  return (node as Partial<Node> | null | undefined)?.range?.[0];
}

/** JSON is parsed without positions: a value is on the line on which its text is first. */
function jsonLines(text: string, line: number, root: unknown): (path: Path) => number {
  const known = new Map<string, number>();
  return (path) => {
    const value = valueAt(root, path);
    if (typeof value !== 'string') return line;
    const found = known.get(value) ?? lineIn(text, JSON.stringify(value));
    known.set(value, found);
    return line + found;
  };
}

/** Counted from 0. */
function lineIn(text: string, part: string): number {
  const position = text.indexOf(part);
  return position < 0 ? 0 : text.slice(0, position).split('\n').length - 1;
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  return value;
}
