/**
 * YAML files whose text must stay as it is but for a few scalars: they are parsed to find the scalars, and only these
 * characters of the text are replaced.
 */
import { Composer, isAlias, isMap, isScalar, LineCounter, Parser } from 'yaml';
import type { Document, ParsedNode, Scalar } from 'yaml';

import { InvalidInput } from '../domain/ferry-error.js';

/** Rendered charts have up to a few megabytes. A parsed document takes about hundred times its size. */
const largestText = 16 * 1024 * 1024;
const mostDocuments = 10_000;
/** Brackets in texts count, too, and need not be balanced there. */
const deepestFlow = 10_000;
/** Nested lists on one line. */
const nestedOnALine = /(?:[-?:][ \t]+){200}/;
const tooDeep = 'its lists and maps are nested too deeply';

export interface YamlDocument {
  readonly document: Document.Parsed;
  /** From 1. */
  readonly lineOf: (node: { readonly range?: readonly number[] | null | undefined }) => number;
}

/**
 * Yields the documents of a text one after the other, so that only one is in memory.
 *
 * @param where name of the file, for messages
 * @throws InvalidInput naming file and line
 */
export function* yamlDocuments(text: string, where: string): Generator<YamlDocument, void, undefined> {
  if (text.length > largestText) {
    throw invalid(where, `it has ${text.length} characters; the maximum is ${largestText}`);
  }
  if (flowDepth(text) > deepestFlow || nestedOnALine.test(text)) throw invalid(where, tooDeep);
  const lines = new LineCounter();
  const lineOf: YamlDocument['lineOf'] = ({ range }) => lines.linePos(range?.[0] ?? 0).line;
  // Duplicate keys are found by comparing all of them with one another, which is too slow for large maps.
  const composer = new Composer({ version: '1.2', uniqueKeys: false, lineCounter: lines });
  const documents = composer.compose(new Parser(lines.addNewLine).parse(text), true, text.length);
  for (let count = 1; ; count += 1) {
    const next = nested(where, () => documents.next());
    if (next.done === true) return;
    if (count > mostDocuments) throw invalid(where, `it has more than ${mostDocuments} documents`);
    const [fault] = next.value.errors;
    if (fault !== undefined) {
      if (fault.message.includes('call stack')) throw invalid(where, tooDeep);
      const { line } = lines.linePos(fault.pos[0]);
      throw invalid(where, `it is not YAML: line ${line}: ${firstLine(fault.message)}`);
    }
    yield { document: next.value, lineOf };
  }
}

/** The parser takes a time that grows with the square of the depth. */
function flowDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of text.matchAll(/[[{}\]]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -Math.min(depth, 1);
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** Runs what recurses into a document. @throws InvalidInput if it is nested too deeply */
export function nested<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) throw invalid(where, tooDeep);
    throw error;
  }
}

export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Replaces the value of a scalar, and keeps its quotes. @param value an image, or a part of one */
export function scalarEdit(text: string, node: Scalar, value: string): TextEdit {
  const [start = 0, end = 0] = node.range ?? [];
  switch (node.type) {
    case 'QUOTE_DOUBLE':
      return { start, end, text: `"${value}"` };
    case 'QUOTE_SINGLE':
      return { start, end, text: `'${value}'` };
    case 'BLOCK_FOLDED':
    case 'BLOCK_LITERAL':
      // Its range ends after its last line break.
      return { start, end, text: `${quotedIfNeeded(value)}${/\r?\n?$/.exec(text.slice(start, end))?.[0] ?? ''}` };
    default:
      return { start, end, text: quotedIfNeeded(value) };
  }
}

/** An IPv6 address begins with a bracket, and an empty value would be null; a tag like `1.10` would be a number. */
function quotedIfNeeded(value: string): string {
  return /^[A-Za-z0-9][^\s]*[/:@]/.test(value) ? value : JSON.stringify(value);
}

/** Applies edits, which do not overlap; the same edit may be given twice. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let result = '';
  let position = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    if (edit.start < position) continue;
    result += text.slice(position, edit.start) + edit.text;
    position = edit.end;
  }
  return result + text.slice(position);
}

/** The value of a key as written in this map, without merge keys. */
export function valueAt(node: unknown, key: string, document: Document.Parsed): ParsedNode | undefined {
  if (!isMap(node)) return undefined;
  const pair = node.items.findLast((item) => isScalar(item.key) && String(item.key.value) === key);
  return pair === undefined ? undefined : resolved(pair.value, document);
}

/** What an alias stands for. */
export function resolved(node: unknown, document: Document.Parsed): ParsedNode | undefined {
  const target = isAlias(node) ? node.resolve(document) : node;
  return (target ?? undefined) as ParsedNode | undefined;
}

/** The text of a string, or of a number as written: `1.10` stays `1.10`. Undefined for null and collections. */
export function textOf(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  if (typeof node.value === 'string') return node.value;
  return node.source;
}

export function invalid(where: string, why: string): InvalidInput {
  return new InvalidInput(`${where}: ${why}`, 'configuration');
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
