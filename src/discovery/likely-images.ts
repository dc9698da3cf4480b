import type { Evidence } from '../domain/found-image.js';
import { hasVersion, isFullReference, isPrivateName, namesImage, referenceOf } from '../domain/image-text.js';
import { isObject } from '../domain/is-object.js';
import type { Discovery } from './discovery.js';
import { inheritFrom, readTriple } from './image-triples.js';
import type { Inherited } from './image-triples.js';
import type { Path } from './yaml-documents.js';

/** Where the values of one document are found. */
export interface Place {
  readonly source: string;
  /** In front of a value's path: `Deployment kube-system/coredns`. */
  readonly prefix: string;
  lineOf(path: Path): number | undefined;
}

/** More than the fields of any kind are nested. */
export const deepest = 100;
/** In characters; a longer text is not examined. */
const longestText = 1024 * 1024;
const fullInText =
  /(?<![\w./@:-])(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d{2,5})?\/[a-z0-9][\w./-]*(?::\w[\w.-]*)?(?:@sha256:[0-9a-f]{64})?/g;
const imageInText =
  /(?:^|[\s{,"'-])["']?image["']?\s*[:=]\s*["']?([\w][\w./-]*(?::\d+\/[\w./-]+)?(?::[\w][\w.-]*)?(?:@sha256:[0-9a-f]{64})?)["']?(?=[\s,}]|$)/gim;

/** What the caller has read as certain, or must not be read: that path is left out. */
export type LeftOut = (path: Path, value: unknown) => boolean;

/**
 * Finds what has the form of an image: triples of registry, repository and tag, environment variables, arguments, fields
 * whose names say that they are images, and full references in any text.
 */
export function findLikely(
  discovery: Discovery,
  root: unknown,
  place: Place,
  { inherited = {}, isLeftOut = () => false }: { readonly inherited?: Inherited; readonly isLeftOut?: LeftOut } = {},
): void {
  walk(root, [], inherited);

  function walk(value: unknown, path: Path, outer: Inherited): void {
    if (isLeftOut(path, value)) return;
    if (path.length > deepest) {
      reportTooDeep(discovery, place);
      return;
    }
    if (Array.isArray(value)) {
      if (isArguments(path) && readArguments(value, path)) return;
      for (const [index, item] of value.entries()) walk(item, [...path, index], outer);
    } else if (isObject(value)) {
      walkMap(value, path, outer);
    } else if (typeof value === 'string') {
      readText(value, path);
    }
  }

  function walkMap(fields: Readonly<Record<string, unknown>>, path: Path, outer: Inherited): void {
    const own = inheritFrom(fields, outer);
    const triple = readTriple(fields, String(path.at(-1) ?? ''), own);
    if (triple !== undefined && !isPrivateName(triple.reference)) {
      discovery.find(triple.reference, 'likely', evidenceAt([...path, triple.field], 'triple', triple.text));
    }
    const { name, value } = fields;
    if (typeof name === 'string' && typeof value === 'string') {
      // An environment variable: its name is the value of a field.
      readVariable(name, value, [...path, 'value']);
      return;
    }
    for (const [key, entry] of Object.entries(fields)) walk(entry, [...path, key], own);
  }

  function readVariable(name: string, value: string, path: Path): void {
    if (namesImage(name) && (hasVersion(value) || value.includes('/'))) add(value, path, 'environment');
    else if (isFullReference(value)) add(value, path, 'environment');
    else if (value.includes('\n')) readTextsIn(value, path);
  }

  /** `--image=app:1`, or `--image` followed by its value. */
  function readArguments(values: readonly unknown[], path: Path): boolean {
    if (!values.every((value) => typeof value === 'string')) return false;
    for (const [index, text] of values.entries()) {
      const [, flag, value] = /^-{1,2}([\w.-]+)=(\S+)$/.exec(text) ?? [];
      const before = /^-{1,2}([\w.-]+)$/.exec(values[index - 1] ?? '')?.[1];
      if (flag !== undefined && value !== undefined) {
        if (isFullReference(value) || (namesImage(flag) && hasVersion(value))) add(value, [...path, index], 'argument');
      } else if (isFullReference(text) || (before !== undefined && namesImage(before) && hasVersion(text))) {
        add(text, [...path, index], 'argument');
      } else if (/\s/.test(text)) {
        readTextsIn(text, [...path, index]);
      }
    }
    return true;
  }

  function readText(text: string, path: Path): void {
    const key = String(path.at(-1) ?? '');
    if (isFullReference(text)) add(text, path, isEnvironment(path) ? 'environment' : 'text');
    else if (namesImage(key) && hasVersion(text)) add(text, path, isEnvironment(path) ? 'environment' : 'text');
    else if (/\s/.test(text)) readTextsIn(text, path);
  }

  function readTextsIn(text: string, path: Path): void {
    for (const { found, line } of imagesInText(discovery, text, printPlace(place, path))) {
      const first = place.lineOf(path);
      const reference = referenceOf(found);
      if (reference === undefined || isPrivateName(reference)) continue;
      const evidence = evidenceAt(path, 'nested', found);
      discovery.find(reference, 'likely', {
        ...evidence,
        line: first === undefined || !text.includes('\n') ? first : first + line,
      });
    }
  }

  function add(text: string, path: Path, rule: Evidence['rule']): void {
    const reference = referenceOf(text);
    if (reference !== undefined && !isPrivateName(reference)) {
      discovery.find(reference, 'likely', evidenceAt(path, rule, text));
    }
  }

  function evidenceAt(path: Path, rule: Evidence['rule'], text: string): Evidence {
    return evidenceOf(place, path, rule, text);
  }
}

export function evidenceOf(place: Place, path: Path, rule: Evidence['rule'], text: string): Evidence {
  return { source: place.source, line: place.lineOf(path), path: printPath(place.prefix, path), rule, text };
}

/** What is nested deeper than {@link deepest} is not read. */
export function reportTooDeep(discovery: Discovery, { source, prefix }: Place): void {
  discovery.unknownImage(`${source} ${prefix}`.trim(), `what is nested more than ${deepest} deep is not read`);
}

/** `deploy/app.yaml:14 ConfigMap shop/files data.dashboard` */
export function printPlace(place: Place, path: Path): string {
  const { source, line, path: shown } = evidenceOf(place, path, 'text', '');
  return `${source}${line === undefined ? '' : `:${line}`} ${shown}`;
}

/** `Deployment kube-system/coredns spec.template.spec.containers[0].image` */
function printPath(prefix: string, path: Path): string {
  const printed = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return `${prefix} ${printed.replace(/^\./, '')}`.trim();
}

/**
 * Full references and values of `image` in a text, with the line on which each is, from 1.
 *
 * @param where the place of the text, which is reported if the text is too long
 */
export function imagesInText(
  discovery: Discovery,
  text: string,
  where: string,
): readonly { readonly found: string; readonly line: number }[] {
  if (text.length > longestText) {
    discovery.unknownImage(where, `a text has ${text.length} characters; the maximum is ${longestText}`);
    return [];
  }
  const images = new Map<string, number>();
  const lineOfFull = lineReader(text);
  for (const match of text.matchAll(fullInText)) {
    const [whole] = match;
    const found = whole.replace(/[.-]+$/, '');
    if (isFullReference(found) && !images.has(found)) images.set(found, lineOfFull(match.index));
  }
  const lineOfImage = lineReader(text);
  for (const match of text.matchAll(imageInText)) {
    const found = match[1] ?? '';
    if (hasVersion(found) && !images.has(found)) images.set(found, lineOfImage(match.index));
  }
  return [...images].map(([found, line]) => ({ found, line }));
}

/** The lines of positions that are passed in their order, from 1: the text is searched once for all of them. */
function lineReader(text: string): (position: number) => number {
  let line = 1;
  let end = text.indexOf('\n');
  return (position) => {
    for (; end >= 0 && end < position; end = text.indexOf('\n', end + 1)) line += 1;
    return line;
  };
}

function isArguments(path: Path): boolean {
  return /^(?:args|command|entrypoint|.*[aA]rgs)$/.test(String(path.at(-1) ?? ''));
}

function isEnvironment(path: Path): boolean {
  return path.some((step) => step === 'env' || step === 'environment');
}
