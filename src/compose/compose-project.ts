import { excerpt } from '@image-ferry/registry/reference';

import type { ComposeService } from '../domain/compose-images.js';
import { interpolate, missingVariables } from '../domain/compose-interpolation.js';
import type { Lookup } from '../domain/compose-interpolation.js';
import { exampleEnvFiles, parseEnvFile } from '../domain/env-file.js';
import { FerryError } from '../domain/ferry-error.js';
import { isObject } from '../domain/is-object.js';
import type { Skipped } from '../domain/upstream-finding.js';
import { readComposeDocument, readService } from './compose-document.js';
import type { ComposeDocument, FindBase, Service } from './compose-document.js';
import { ComposeFault } from './compose-fault.js';
import { readIncludes } from './compose-include.js';
import type { Include } from './compose-include.js';
import type { ProjectFiles } from './project-files.js';
import { folderOf, joinPath } from './repository-path.js';

/** Maximum depth of files that include one another. */
const deepest = 8;
/** Of all files together; the result crosses Temporal's wire in one message. */
const mostServices = 500;
/** Maximum number of example environment files that are read in one folder. */
const mostExamples = 3;

/** The services of a compose file and of all files that it includes. */
export interface ComposeProject {
  readonly services: readonly ComposeService[];
  readonly skipped: readonly Skipped[];
  /** Sources of variable values that are not settings of the project. */
  readonly notes: readonly string[];
}

interface Part {
  /** Merged in this order. */
  readonly paths: readonly string[];
  /** The base of relative paths, and the folder of `.env`. */
  readonly folder: string;
  /** Absent: `.env` of the folder. */
  readonly envFiles?: readonly string[] | undefined;
  /** Values that override those of the environment files. */
  readonly outer: Lookup;
  /** Files that include this one. */
  readonly trail: readonly string[];
}

/**
 * Reads a compose file of a repository at a tag, with the files that it includes and extends. Variables get their
 * values from `variables`, then from `.env` beside the file, as in Compose. A variable without a value and a default
 * gets that of the example that the project publishes beside the file (`.env.example` and similar names), since users
 * copy that.
 *
 * @throws FerryError if the file itself is missing or is not a compose file
 */
export async function loadComposeProject(
  files: ProjectFiles,
  file: string,
  variables: Lookup,
): Promise<ComposeProject> {
  const services = new Map<string, ComposeService>();
  const broken: ComposeService[] = [];
  const skipped: Skipped[] = [];
  const notes: string[] = [];
  await load({ paths: [file], folder: folderOf(file), outer: variables, trail: [] });
  return { services: [...services.values(), ...broken], skipped, notes };

  async function load(part: Part): Promise<void> {
    const document = await merged(part);
    // The environment is read only if there is a variable: most files have none, and each request counts.
    let lookup = holdsVariables(document) ? await withEnvironment(part) : undefined;
    const find = await bases(files, document, part, lookup ?? part.outer);
    const own = [...document.services].map(([name, { service, at }]) => readService(name, service, at, find));
    // Only the extended services may contain variables.
    lookup ??= own.some(needsVariables) ? await withEnvironment(part) : part.outer;
    const known = await withExamples(part, own, document, lookup);
    for (const service of own) {
      if (services.has(service.name)) continue;
      if (services.size >= mostServices) {
        throw new ComposeFault(`${file} and what it includes have more than ${mostServices} services`);
      }
      services.set(service.name, { ...service, lookup: known });
    }
    broken.push(...document.broken);
    for (const include of readIncludes(document.include, part.folder, known)) await loadInclude(include, part, known);
  }

  async function loadInclude(include: Include, part: Part, outer: Lookup): Promise<void> {
    const what = `include ${excerpt(include.what)}`;
    if ('reason' in include) {
      skipped.push({ what, reason: include.reason });
      return;
    }
    const trail = [...part.trail, ...part.paths];
    const again = include.paths.find((path) => trail.includes(path));
    if (again !== undefined) {
      skipped.push({ what, reason: `${again} is included in a cycle` });
    } else if (trail.length >= deepest) {
      skipped.push({ what, reason: `the maximum include depth is ${deepest}` });
    } else {
      try {
        await load({ ...include, outer, trail });
      } catch (error) {
        const isOfFile =
          error instanceof FerryError && (error.code === 'upstream-missing' || error.code === 'upstream-format');
        if (!isOfFile) throw error;
        skipped.push({ what, reason: error.message });
      }
    }
  }

  async function withEnvironment({ envFiles, folder, outer }: Part): Promise<Lookup> {
    const values = new Map<string, string>();
    const lookup: Lookup = (name) => outer(name) ?? values.get(name);
    for (const path of envFiles ?? (await standardEnv(folder))) {
      const text = await files.read(path);
      if (text === undefined) {
        // A default would hide that its values are not known.
        if (envFiles !== undefined) skipped.push({ what: `environment file ${path}`, reason: 'it does not exist' });
        continue;
      }
      for (const [name, value] of parseEnvFile(text, lookup)) values.set(name, value);
    }
    return lookup;
  }

  async function standardEnv(folder: string): Promise<readonly string[]> {
    const names = await files.list(folder);
    return names === undefined || names.includes('.env') ? [joinPath(folder, '.env')] : [];
  }

  /**
   * Values for variables that are still missing: from examples beside the file, then at the root, then the services'
   * own files.
   */
  async function withExamples(
    part: Part,
    own: readonly ComposeService[],
    document: Merged,
    lookup: Lookup,
  ): Promise<Lookup> {
    const found = new Map<string, string>();
    const known: Lookup = (name) => lookup(name) ?? found.get(name);
    const missing = (): readonly string[] => [
      ...new Set(
        own.flatMap(({ image = '', pullPolicy = '' }) => [
          ...missingVariables(image, known),
          ...missingVariables(pullPolicy, known),
        ]),
      ),
    ];
    if (missing().length === 0) return known;
    for (const folder of new Set([part.folder, joinPath(part.folder, 'docker'), ''])) {
      if (missing().length === 0) return known;
      const names = await files.list(folder);
      const paths = names === undefined ? usualExample(folder, part) : exampleEnvFiles(names).slice(0, mostExamples);
      for (const name of paths) await takeFrom(joinPath(folder, name));
    }
    for (const path of serviceEnvFiles(document, part.folder)) await takeFrom(path);
    return known;

    async function takeFrom(path: string): Promise<void> {
      const text = missing().length === 0 ? undefined : await files.read(path);
      if (text === undefined) return;
      const values = parseEnvFile(text, known);
      const taken: string[] = [];
      // The found values may refer to further variables.
      for (let names = missing(); ; names = missing()) {
        const given = names.filter((name) => (values.get(name) ?? '') !== '');
        if (given.length === 0) break;
        for (const name of given) found.set(name, values.get(name) ?? '');
        taken.push(...given);
      }
      if (taken.length > 0) notes.push(`values of ${taken.join(', ')} come from ${path}, which users copy or adapt`);
    }
  }

  /** A server that lists no folders may still have the file. */
  function usualExample(folder: string, part: Part): readonly string[] {
    return folder === part.folder ? ['.env.example'] : [];
  }

  async function merged({ paths }: Part): Promise<Merged> {
    const all = new Map<string, { readonly service: Service; readonly at: string }>();
    const faulty: ComposeService[] = [];
    const include: unknown[] = [];
    for (const path of paths) {
      const document = readComposeDocument(await files.require(path), files.addressOf(path));
      for (const [name, service] of document.services) {
        all.set(name, { service: { ...all.get(name)?.service, ...service }, at: path });
      }
      faulty.push(...document.broken);
      include.push(document.include);
    }
    return { services: all, broken: faulty, include: include.flat() };
  }
}

interface Merged extends Pick<ComposeDocument, 'broken'> {
  readonly services: ReadonlyMap<string, { readonly service: Service; readonly at: string }>;
  readonly include: readonly unknown[];
}

function holdsVariables({ services, include }: Merged): boolean {
  const texts = [...services.values()].flatMap(({ service: { image, pull_policy: policy, extends: base } }) => [
    image,
    policy,
    typeof base === 'object' ? base.file : undefined,
  ]);
  const distinct = new Set(texts.filter((text) => typeof text === 'string'));
  return JSON.stringify(include).includes('$') || [...distinct].some((text) => text.includes('$'));
}

function needsVariables({ image = '', pullPolicy = '' }: ComposeService): boolean {
  return image.includes('$') || pullPolicy.includes('$');
}

/** `env_file` of services: Compose does not use it for an image's variables, but some projects define them there. */
function serviceEnvFiles({ services }: Merged, folder: string): readonly string[] {
  const texts = [...services.values()].flatMap(({ service: { env_file: given } }) =>
    [given].flat().map((entry: unknown) => (isObject(entry) ? entry['path'] : entry)),
  );
  const paths = texts.flatMap((text) =>
    typeof text === 'string' && !text.includes('$') ? [joinPath(folder, text)] : [],
  );
  return [...new Set(paths)].filter((path) => path !== '').slice(0, mostExamples);
}

/** Reads every file that contains an extended service before any service is resolved. */
async function bases(files: ProjectFiles, document: Merged, part: Part, lookup: Lookup): Promise<FindBase> {
  const others = new Map<string, ReadonlyMap<string, Service> | string>();
  const waiting = [...document.services.values()].flatMap(({ service, at }) => fileOf(service, at));
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    if (others.has(path)) continue;
    const read = await readOther(path);
    others.set(path, read);
    if (typeof read !== 'string') for (const service of read.values()) waiting.push(...fileOf(service, path));
  }
  return (from, { service, file }) => {
    if (file === undefined) {
      const own = part.paths.includes(from) ? document.services.get(service)?.service : servicesOf(from)?.get(service);
      return own === undefined ? { reason: `it extends ${service}, which does not exist` } : { at: from, service: own };
    }
    const path = pathOf(file, from);
    const other = path === undefined ? 'its path is outside the repository' : others.get(path);
    if (path === undefined || other === undefined || typeof other === 'string') {
      const why = typeof other === 'string' ? other : `${excerpt(file)} was not read`;
      return { reason: `it extends ${service} of ${excerpt(file)}, which cannot be read: ${why}` };
    }
    const base = other.get(service);
    return base === undefined
      ? { reason: `it extends ${service} of ${path}, which does not exist` }
      : { at: path, service: base };
  };

  function servicesOf(path: string): ReadonlyMap<string, Service> | undefined {
    const other = others.get(path);
    return typeof other === 'string' ? undefined : other;
  }

  function fileOf({ extends: base }: Service, from: string): readonly string[] {
    if (base === undefined || typeof base === 'string' || base.file === undefined) return [];
    const path = pathOf(base.file, from);
    return path === undefined ? [] : [path];
  }

  /** Relative to the file that extends. */
  function pathOf(file: string, from: string): string | undefined {
    const read = interpolate(file, lookup);
    const path = read.kind === 'text' ? joinPath(folderOf(from), read.text) : '';
    return path === '' ? undefined : path;
  }

  async function readOther(path: string): Promise<ReadonlyMap<string, Service> | string> {
    try {
      const text = await files.read(path);
      return text === undefined
        ? `${path} is not in the repository`
        : readComposeDocument(text, files.addressOf(path)).services;
    } catch (error) {
      if (error instanceof ComposeFault) return error.message;
      throw error;
    }
  }
}
