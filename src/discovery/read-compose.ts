import { posix } from 'node:path';

import { loadComposeProject } from '../compose/compose-project.js';
import type { ProjectFiles } from '../compose/project-files.js';
import { folderOf } from '../compose/repository-path.js';
import { imagesOfServices } from '../domain/compose-images.js';
import type { ComposeService } from '../domain/compose-images.js';
import { knownText, missingVariables } from '../domain/compose-interpolation.js';
import type { Lookup } from '../domain/compose-interpolation.js';
import { FerryError } from '../domain/ferry-error.js';
import { isFullReference, namesImage, referenceOf } from '../domain/image-text.js';
import { isObject } from '../domain/is-object.js';
import type { Discovery } from './discovery.js';
import { evidenceOf, findLikely, printPlace } from './likely-images.js';
import type { Place } from './likely-images.js';
import { readDockerfile } from './read-dockerfile.js';
import { readYamlDocuments } from './yaml-documents.js';
import type { Path, YamlDocument } from './yaml-documents.js';

const everything = { images: [], services: [], profiles: [] };
/** Parts of a service in which images may be passed to a program that starts containers itself. */
const likelyParts = ['environment', 'command', 'entrypoint', 'labels'] as const;

/** An image as a build context. */
const imageContext = 'docker-image://';

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
    const { images, skipped, unread } = imagesOfServices([service], { lookup: variables, exclude: everything });
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
    for (const left of skipped) {
      const what = `${file}${line === undefined ? '' : `:${line}`} ${left.what}`;
      if (unread.includes(left)) discovery.unknownImage(what, left.reason);
      else discovery.skip(what, left.reason);
    }
    if (service.build !== undefined) await readBuild(service, built);
  }

  async function readBuild(
    { name, build, lookup = variables, file = path, imageAt }: ComposeService,
    built: ReadonlySet<string>,
  ): Promise<void> {
    const written = typeof build === 'string' ? { context: build } : build;
    const fields: Fields = isObject(written) ? written : {};
    const what = `${source} service ${name} (build)`;
    for (const [, target] of pairsOf(fields['additional_contexts'])) {
      if (typeof target !== 'string' || !target.startsWith(imageContext)) continue;
      const image = textOf(target, lookup)?.slice(imageContext.length);
      const reference = image === undefined ? undefined : referenceOf(image);
      if (image === undefined || reference === undefined) {
        discovery.unknownImage(what, gapIn(target, lookup) ?? `"${target.slice(0, 200)}" names no image`);
        continue;
      }
      const evidence = {
        source,
        line: imageAt?.line,
        path: `service ${name} build`,
        rule: 'compose',
        text: image,
      } as const;
      discovery.find(reference, 'certain', evidence);
    }
    const contexts = new Set([...built, ...pairsOf(fields['additional_contexts']).map(([key]) => key.toLowerCase())]);
    const given = pairsOf(fields['args']);
    // An argument without a value has that of the environment.
    const args = new Map(given.map(([key, value]) => [key, isNothing(value) ? lookup(key) : textOf(value, lookup)]));
    const unknownArgs = new Set(given.flatMap(([key, value]) => (gapIn(value, lookup) === undefined ? [] : [key])));
    const options = { contexts, unknownArgs, args: (key: string): string | undefined => args.get(key) };
    const inline = fields['dockerfile_inline'];
    if (typeof inline === 'string') {
      return readDockerfile(discovery, textOf(inline, lookup) ?? inline, { ...options, source: what });
    }
    const gap = gapIn(fields['context'], lookup) ?? gapIn(fields['dockerfile'], lookup);
    if (gap !== undefined) return discovery.unknownImage(what, `its Dockerfile is not known: ${gap}`);
    const context = textOf(fields['context'], lookup) ?? '.';
    const dockerfile = textOf(fields['dockerfile'], lookup) ?? 'Dockerfile';
    if (/^(?:[a-z][a-z0-9+.-]*:|git@|github\.com\/)/i.test(context)) {
      return discovery.unknownImage(what, `it is built from ${context.slice(0, 200)}, which is not read`);
    }
    const folder = posix.resolve('/', folderOf(file), context);
    const at = posix.resolve(folder, dockerfile).slice(1);
    try {
      const text = await files.read(at);
      if (text === undefined)
        return discovery.unknownImage(what, `its Dockerfile ${files.addressOf(at)} does not exist`);
      return readDockerfile(discovery, text, { ...options, source: files.addressOf(at) });
    } catch (error) {
      if (!(error instanceof FerryError)) throw error;
      return discovery.unknownImage(what, `its Dockerfile cannot be read: ${error.message}`);
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
      if (reference === undefined) {
        const reason = gapIn(volume['source'], lookup) ?? `"${image.slice(0, 200)}" is no image`;
        discovery.unknownImage(`${source} service ${name} (image volume)`, reason);
      } else discovery.find(reference, 'certain', evidenceOf(place, ['volumes', index, 'source'], 'compose', image));
    }
    const parts = likelyParts.map((part): [string, unknown] => {
      const value = service[part];
      if (part !== 'environment' && part !== 'labels') return [part, value];
      // A variable without a value has that of the environment.
      const pairs = pairsOf(value).map(([key, text]): [string, unknown] => [
        key,
        part === 'environment' && isNothing(text) ? `\${${key}}` : text,
      ]);
      return [part, Object.fromEntries(pairs)];
    });
    for (const part of parts) reportGaps(part[1], [part[0]]);
    findLikely(discovery, interpolated(Object.fromEntries(parts), lookup), place);

    /** What seems to be an image, and needs a variable without a value. */
    function reportGaps(value: unknown, path: Path): void {
      if (isObject(value)) {
        for (const [key, entry] of Object.entries(value)) reportGaps(entry, [...path, key]);
      } else if (Array.isArray(value)) {
        for (const [index, entry] of value.entries()) reportGaps(entry, [...path, index]);
      } else if (typeof value === 'string') {
        const gap = gapIn(value, lookup);
        if (gap === undefined || !mayBeImage(String(path.at(-1)), value, lookup)) return;
        discovery.unknownImage(printPlace(place, path), gap);
      }
    }
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

/** Why the value of a text is not known; undefined if it is. */
function gapIn(value: unknown, lookup: Lookup): string | undefined {
  if (typeof value !== 'string') return undefined;
  const read = knownText(value, lookup);
  return 'gap' in read ? read.gap : undefined;
}

/** Whether a text with a gap would be an image: the name of its field, flag or variable says so, or its form does. */
function mayBeImage(key: string, text: string, lookup: Lookup): boolean {
  const [, flag = key, value = text] = /^-{1,2}([\w.-]+)=(\S+)$/.exec(text) ?? [];
  const filled = knownText(value, (name) => lookup(name) ?? 'unset');
  const isNamed = namesImage(flag) || missingVariables(text, lookup).some(namesImage);
  return isNamed || ('text' in filled && isFullReference(filled.text));
}

/** Undefined for a text that needs a variable without a value. */
function textOf(value: unknown, lookup: Lookup): string | undefined {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return undefined;
  const read = knownText(value, lookup);
  return 'text' in read ? read.text : undefined;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
