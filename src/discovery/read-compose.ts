import { posix } from 'node:path';

import { loadComposeProject } from '../compose/compose-project.js';
import type { ProjectFiles } from '../compose/project-files.js';
import { folderOf } from '../compose/repository-path.js';
import { imagesOfServices } from '../domain/compose-images.js';
import type { ComposeService } from '../domain/compose-images.js';
import { interpolate } from '../domain/compose-interpolation.js';
import type { Lookup } from '../domain/compose-interpolation.js';
import { FerryError } from '../domain/ferry-error.js';
import { referenceOf } from '../domain/image-text.js';
import { isObject } from '../domain/is-object.js';
import type { Discovery } from './discovery.js';
import { evidenceOf, findLikely } from './likely-images.js';
import type { Place } from './likely-images.js';
import { readDockerfile } from './read-dockerfile.js';
import { readYamlDocuments } from './yaml-documents.js';
import type { YamlDocument } from './yaml-documents.js';

const everything = { images: [], services: [], profiles: [] };
/** Parts of a service in which images may be passed to a program that starts containers itself. */
const likelyParts = ['environment', 'command', 'entrypoint', 'labels'] as const;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Finds the images of a compose project: of every service of every profile, also in files that it includes or extends, of
 * image volumes, and what its builds pull. Variables are resolved as `loadComposeProject` says.
 *
 * @param path of the file, as `files` takes it
 */
export async function readCompose(
  discovery: Discovery,
  files: ProjectFiles,
  path: string,
  variables: Lookup,
): Promise<void> {
  const source = files.addressOf(path);
  try {
    const project = await loadComposeProject(files, path, variables);
    for (const { what, reason } of project.skipped) discovery.fault(`${source}: ${what}`, reason);
    for (const note of project.notes) discovery.note(`${source}: ${note}`);
    const built = new Set(project.services.flatMap(builtImage));
    for (const service of project.services) await readService(service, built);
    for (const part of new Set([path, ...project.services.flatMap(({ file }) => file ?? [])])) {
      readParts(await files.require(part), files.addressOf(part), project.services);
    }
  } catch (error) {
    if (!(error instanceof FerryError)) throw error;
    discovery.fault(source, error.message);
  }

  /** An image that the project builds itself, as Dockerfiles of other services may name it. */
  function builtImage({ image, isBuilt, lookup = variables }: ComposeService): readonly string[] {
    const text = isBuilt ? textOf(image, lookup) : undefined;
    return text === undefined ? [] : [text.toLowerCase()];
  }

  async function readService(service: ComposeService, built: ReadonlySet<string>): Promise<void> {
    const { images, skipped } = imagesOfServices([service], { lookup: variables, exclude: everything });
    const { file = source, line } = service.imageAt ?? {};
    for (const { reference } of images) {
      const text = service.image ?? '';
      // Compose tries to pull an image that it can build, unless a policy says so.
      const isCertain = !service.isBuilt || service.pullPolicy !== undefined;
      discovery.find(reference, isCertain ? 'certain' : 'likely', {
        source: file,
        line,
        path: `service ${service.name}`,
        rule: 'compose',
        text,
      });
    }
    for (const { what, reason } of skipped)
      discovery.skip(`${file}${line === undefined ? '' : `:${line}`} ${what}`, reason);
    if (service.build !== undefined) await readBuild(service, built);
  }

  async function readBuild(
    { name, build, lookup = variables, file = path, imageAt }: ComposeService,
    built: ReadonlySet<string>,
  ): Promise<void> {
    const written = typeof build === 'string' ? { context: build } : build;
    const fields: Fields = isObject(written) ? written : {};
    const context = textOf(fields['context'], lookup) ?? '.';
    const what = `${source} service ${name} (build)`;
    for (const [, target] of pairsOf(fields['additional_contexts'])) {
      const image = /^docker-image:\/\/(.+)$/.exec(textOf(target, lookup) ?? '')?.[1];
      const reference = image === undefined ? undefined : referenceOf(image);
      if (reference === undefined) continue;
      const evidence = {
        source,
        line: imageAt?.line,
        path: `service ${name} build`,
        rule: 'compose',
        text: image ?? '',
      } as const;
      discovery.find(reference, 'certain', evidence);
    }
    const contexts = new Set([...built, ...pairsOf(fields['additional_contexts']).map(([key]) => key.toLowerCase())]);
    // An argument without a value has that of the environment.
    const args = new Map(
      pairsOf(fields['args']).map(([key, value]) => [key, isNothing(value) ? lookup(key) : textOf(value, lookup)]),
    );
    const options = { contexts, args: (key: string): string | undefined => args.get(key) };
    const inline = fields['dockerfile_inline'];
    if (typeof inline === 'string') return readDockerfile(discovery, inline, { ...options, source: what });
    if (/^(?:[a-z][a-z0-9+.-]*:|git@|github\.com\/)/i.test(context)) {
      return discovery.skip(what, `it is built from ${context.slice(0, 200)}, which is not read`);
    }
    const dockerfile = textOf(fields['dockerfile'], lookup) ?? 'Dockerfile';
    const folder = posix.resolve('/', folderOf(file), context);
    const at = posix.resolve(folder, dockerfile).slice(1);
    try {
      const text = await files.read(at);
      if (text === undefined) return discovery.skip(what, `its Dockerfile ${files.addressOf(at)} does not exist`);
      return readDockerfile(discovery, text, { ...options, source: files.addressOf(at) });
    } catch (error) {
      if (!(error instanceof FerryError)) throw error;
      return discovery.skip(what, `its Dockerfile cannot be read: ${error.message}`);
    }
  }

  /** What is only in the document as written: image volumes, and what may be an image in texts. */
  function readParts(text: string, address: string, services: readonly ComposeService[]): void {
    const lookups = new Map(services.map(({ name, lookup = variables }) => [name, lookup]));
    for (const document of readYamlDocuments(text)) {
      if (document.kind !== 'value' || !isObject(document.value) || !isObject(document.value['services'])) continue;
      for (const [name, service] of Object.entries(document.value['services'])) {
        if (isObject(service)) readPartsOf(name, service, address, document, lookups.get(name) ?? variables);
      }
    }
  }

  function readPartsOf(
    name: string,
    service: Fields,
    address: string,
    document: Extract<YamlDocument, { kind: 'value' }>,
    lookup: Lookup,
  ): void {
    const place: Place = {
      source: address,
      prefix: `service ${name}`,
      lineOf: (steps) => document.lineOf(['services', name, ...steps]),
    };
    for (const [index, volume] of listOf(service['volumes']).entries()) {
      if (!isObject(volume) || volume['type'] !== 'image') continue;
      const image = textOf(volume['source'], lookup) ?? '';
      const reference = referenceOf(image);
      if (reference === undefined) discovery.skip(`${source} service ${name} (image volume)`, `"${image}" is no image`);
      else discovery.find(reference, 'certain', evidenceOf(place, ['volumes', index, 'source'], 'compose', image));
    }
    const parts = likelyParts.map((part): [string, unknown] => {
      const value = service[part];
      const named = part === 'environment' || part === 'labels' ? Object.fromEntries(pairsOf(value)) : value;
      return [part, interpolated(named, lookup)];
    });
    findLikely(discovery, Object.fromEntries(parts), place);
  }
}

/** A map, or a list of `NAME=value`. */
function pairsOf(value: unknown): readonly [string, unknown][] {
  if (isObject(value)) return Object.entries(value);
  return listOf(value).flatMap((entry): [string, unknown][] => {
    if (typeof entry !== 'string') return [];
    const equals = entry.indexOf('=');
    return equals < 0 ? [[entry, undefined]] : [[entry.slice(0, equals), entry.slice(equals + 1)]];
  });
}

function interpolated(value: unknown, lookup: Lookup): unknown {
  if (typeof value === 'string') return textOf(value, lookup) ?? value;
  if (Array.isArray(value)) return value.map((entry) => interpolated(entry, lookup));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, interpolated(entry, lookup)]));
}

/** Undefined for a text that needs a variable without a value. */
function textOf(value: unknown, lookup: Lookup): string | undefined {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return undefined;
  const read = interpolate(value, lookup);
  return read.kind === 'text' && read.unset.length === 0 ? read.text : undefined;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
