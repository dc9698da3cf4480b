import { basename } from 'node:path';

import type { Lookup } from '../domain/compose-interpolation.js';
import { isFullReference, referenceOf } from '../domain/image-text.js';
import type { Discovery } from './discovery.js';
import type { Inherited } from './image-triples.js';
import { findKubernetesImages, isKubernetesObject } from './kubernetes-images.js';
import { evidenceOf, findLikely, imagesInText } from './likely-images.js';
import { localProjectFiles, pathFromRoot } from './local-project-files.js';
import { readCompose } from './read-compose.js';
import { readDockerfile } from './read-dockerfile.js';
import { looksLikeList, readList } from './read-list.js';
import { readYamlDocuments } from './yaml-documents.js';

export interface TextInput {
  readonly text: string;
  /** Shown in evidence. */
  readonly source: string;
  /** Of the file; for standard input, of a file that would be in the current folder. */
  readonly path: string;
  readonly variables: Lookup;
}

/** In characters: comments in front of the first instruction of a Dockerfile are shorter. */
const largestStart = 64 * 1024;

export type TextFormat = 'compose' | 'yaml' | 'dockerfile' | 'list';

/** Reads a text of any known format. A text of none is a fault. */
export async function readText(discovery: Discovery, { text, source, path, variables }: TextInput): Promise<void> {
  const format = formatOf(path, text);
  switch (format) {
    case undefined:
      return discovery.fault(
        source,
        'it is none of the known formats: a list with one image per line, compose, Kubernetes YAML or JSON, or a Dockerfile',
      );
    case 'list':
      return readList(discovery, text, source);
    case 'dockerfile':
      return readDockerfile(discovery, text, { source });
    case 'compose': {
      const at = pathFromRoot(path);
      return await readCompose(discovery, localProjectFiles(new Map([[at, text]])), at, variables);
    }
    case 'yaml':
      return readYaml(discovery, text, source);
    default:
      return format satisfies never;
  }
}

/** Reads Kubernetes objects; of other YAML, such as values of a chart, what looks like an image. */
export function readYaml(discovery: Discovery, text: string, source: string, inherited: Inherited = {}): void {
  for (const document of readYamlDocuments(text)) {
    if (document.kind === 'fault') {
      discovery.fault(`${source}:${document.line}`, document.reason);
      continue;
    }
    const { lineOf } = document;
    for (const [position, value] of [document.value].flat().entries()) {
      const below = Array.isArray(document.value) ? [position] : [];
      const place = { source, prefix: '', lineOf: (path: Parameters<typeof lineOf>[0]) => lineOf([...below, ...path]) };
      if (!isKubernetesObject(value)) findLikely(discovery, value, place, { inherited });
      else if (value.kind === 'CustomResourceDefinition') readDefaults(discovery, document.text, source, document.line);
      else findKubernetesImages(discovery, value, place);
    }
  }
}

/** A definition of resources names images only as defaults of fields. */
function readDefaults(discovery: Discovery, text: string, source: string, first: number): void {
  const lines = text.split('\n');
  for (const { found, line } of imagesInText(discovery, text, `${source}:${first}`)) {
    const written = lines[line - 1] ?? '';
    const reference = /^\s*default:\s/.test(written) && isFullReference(found) ? referenceOf(found) : undefined;
    const place = { source, prefix: 'CustomResourceDefinition', lineOf: () => first + line - 1 };
    if (reference !== undefined) discovery.find(reference, 'likely', evidenceOf(place, ['default'], 'text', found));
  }
}

/** By the name of the file, else by its content. */
export function formatOf(path: string, text: string): TextFormat | undefined {
  const name = basename(path);
  if (isDockerfileName(name)) return 'dockerfile';
  if (/\.(?:ya?ml|json)$/i.test(name)) return isCompose(text) ? 'compose' : 'yaml';
  if (isDockerfile(text)) return 'dockerfile';
  if (isCompose(text)) return 'compose';
  if (/^(?:---(?:\s|$)|["']?[\w./-]+["']?:(?:\s|$)|\{)/m.test(text)) return 'yaml';
  const isNamedAsList = /image/i.test(name) && /\.(?:txt|list|lst)$/i.test(name);
  return isNamedAsList || looksLikeList(text) ? 'list' : undefined;
}

/** Its first line that is neither a comment nor an `ARG` is a `FROM`. */
function isDockerfile(text: string): boolean {
  const lines = text.slice(0, largestStart).split(/\r?\n/);
  const first = lines.find((line) => !/^[ \t]*(?:#|$)/.test(line) && !/^[ \t]*ARG[ \t]/i.test(line));
  return first !== undefined && /^[ \t]*FROM[ \t]+\S/i.test(first);
}

export function isDockerfileName(name: string): boolean {
  return /^(?:Dockerfile|Containerfile)(?:[._-][\w.-]+)?$|\.(?:Dockerfile|Containerfile)$/i.test(name);
}

/** A map with `services` or `include` at its first level, which is no Kubernetes object. */
function isCompose(text: string): boolean {
  if (/^["']?(?:apiVersion|kind)["']?[ \t]*:/m.test(text)) return false;
  if (
    /^include[ \t]*:[ \t]*(?:#.*)?\n(?:[ \t]*#.*\n)*[ \t]*-[ \t]/m.test(text) &&
    !/^(?:stages|default|jobs)[ \t]*:/m.test(text)
  )
    return true;
  return /^["']?services["']?[ \t]*:[ \t]*(?:#.*)?(?:\n(?:[ \t]*(?:#.*)?\n)*[ \t]+["']?[\w.${-]+["']?\s*:|\{)/m.test(
    text,
  );
}
