import { excerpt, looksLikeHost, withoutPassword } from '@image-ferry/registry/reference';

import { InvalidInput } from './ferry-error.js';
import { isObject } from './is-object.js';
import { nearestName } from './nearest-name.js';
import { requestFault } from './request-limits.js';
import type { RequestedImage } from './requested-image.js';
import { isPlatformAlone, readRequestedText, refusedText } from './requested-text.js';

export type { RequestedImage } from './requested-image.js';

export interface RequestedImages {
  /** In the order of the request. Entries that could not be parsed are included, with the reason. */
  readonly images: readonly RequestedImage[];
  readonly platforms?: readonly string[] | undefined;
  /** Paths of unknown fields in the request. */
  readonly ignored: readonly string[];
}

/** Why an image is not added, for programs: the text beside it is for people. */
export const refusalCodes = ['invalid-reference', 'invalid-platform', 'source-not-allowed'] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/** The result for one image and one platform. */
export interface AddedImage {
  /** As requested. */
  readonly asked: string;
  /** Canonical; absent when refused. */
  readonly image?: string;
  readonly platform?: string;
  readonly outcome: 'added' | 'renewed' | 'already-pending' | 'refused';
  /** The state of an existing row before the request. */
  readonly previous?: 'pending' | 'pushed' | 'blocked' | 'withdrawn' | undefined;
  /** Of a refused image. */
  readonly code?: RefusalCode | undefined;
  readonly reason?: string | undefined;
}

const deepest = 4;
/** Limit for unknown fields that are reported or logged. */
const mostIgnored = 20;
/** Limit for reasons in the message that refuses the whole request. */
const mostReasons = 5;
const imageKeys = ['image', 'images'] as const;
const partKeys = ['registry', 'namespace', 'name', 'tag'] as const;
const platformKeys = ['platform', 'platforms'] as const;
const knownKeys: ReadonlySet<string> = new Set([...imageKeys, ...partKeys, ...platformKeys]);
/** Names that a misspelled field is compared with. Shorter names resemble too many others. */
const longKeys = ['image', 'images', 'platform', 'platforms', 'registry', 'namespace'];
/** Fields that change which image is meant: ignoring them would copy a different image. */
const meaningfulKeys: Readonly<Record<string, string>> = {
  arch: 'write "platform": "linux/arm64"',
  architecture: 'write "platform": "linux/arm64"',
  digest: 'append it to the image, name@sha256:…',
};
const renameKeys =
  /^(?:rename|as|to|target|dest|destination|dst|new_?name|(?:new|target|dest|destination)_?(?:image|name|repo|repository))$/i;
const expected =
  'expected {"images": ["nginx:1.27"], "platforms": ["linux/amd64"]}, one image as text, or objects with registry, namespace, name, tag and platform';

type Fields = Readonly<Record<string, unknown>>;

/** A position in the request, and the platforms that apply there. */
interface Position {
  /** `images[1]`; empty for the request itself. */
  readonly path: string;
  readonly platforms?: readonly string[] | undefined;
  readonly depth: number;
  readonly ignored: string[];
}

/**
 * readRequest parses the `client_payload` of a dispatch, the `inputs` of a workflow, the body of `POST /api/images`, a file
 * or an argument: one image, several in one text, a list, JSON in a text, objects with `image` or `images`, or with
 * `registry`, `namespace`, `name` and `tag`; each with `platform` or `platforms`. An invalid entry is refused without
 * affecting the others. The references are not checked here.
 *
 * @throws InvalidInput for invalid platforms of the whole request, and for a request that is too large
 */
export function readRequest(payload: unknown): RequestedImages {
  const ignored: string[] = [];
  // The platforms of the whole request are not repeated for each image.
  const platforms = isObject(payload) ? platformsOf(payload) : undefined;
  const images = readImages(isObject(payload) ? withoutPlatforms(payload) : payload, { path: '', depth: 0, ignored });
  const request = {
    images,
    platforms,
    ignored: [...new Set(ignored)].slice(0, mostIgnored),
  };
  const fault = requestFault(request);
  if (fault !== undefined) throw invalid(fault);
  return request;
}

/**
 * readRequestedImages is readRequest for requests that must contain an image.
 *
 * @throws InvalidInput also if it contains no image, or only invalid ones
 */
export function readRequestedImages(payload: unknown): RequestedImages {
  const request = readRequest(payload);
  const refused = request.images.flatMap(({ image, refused: reason }) =>
    reason === undefined ? [] : [`"${excerpt(image)}": ${reason}`],
  );
  if (refused.length > 0 && refused.length === request.images.length)
    throw invalid(refused.slice(0, mostReasons).join('; '));
  if (request.images.length > 0) return request;
  const fields = request.ignored.length === 0 ? '' : `: ${request.ignored.map(unknownField).join(', ')}`;
  throw invalid(`no image was requested${fields}`);
}

/**
 * readAgain parses one image of a request that may have been parsed before, such as a workflow's input that a person
 * typed. Parsed images do not change.
 */
export function readAgain(requested: string | RequestedImage): readonly RequestedImage[] {
  const { image, platforms, refused }: RequestedImage =
    typeof requested === 'string' ? { image: requested } : requested;
  if (refused !== undefined) return [{ image, refused }];
  const read = readImages(image, { path: '', platforms, depth: 0, ignored: [] });
  // An empty text is checked as a reference, which gives the right message.
  return read.length === 0 ? [{ image }] : read;
}

function readImages(value: unknown, position: Position): readonly RequestedImage[] {
  if (position.depth > deepest) return [refusedValue(value, position, 'the lists are nested too deep')];
  if (typeof value === 'string') return readText(value, position);
  if (Array.isArray(value)) return readList(value, position);
  if (isObject(value)) return oneRefusal(value, position, () => readObject(value, position));
  // A request without a payload contains no images.
  if (value === undefined && position.path === '') return [];
  return [refusedValue(value, position, `expected an image, got ${kindOf(value)}`)];
}

function readList(values: readonly unknown[], position: Position): readonly RequestedImage[] {
  const read = values.map((value, index) =>
    readImages(value, { ...position, path: `${position.path}[${index}]`, depth: position.depth + 1 }),
  );
  return assertPlatformsBesideImages(read.flat());
}

/** Refuses a platform in an entry of its own: it is not clear which image it belongs to. */
function assertPlatformsBesideImages(entries: readonly RequestedImage[]): readonly RequestedImage[] {
  const stray = entries.find(({ image, refused }) => refused !== undefined && isPlatformAlone(image));
  if (stray === undefined || entries.length === 1) return entries;
  const reason = `the platform "${stray.image}" is an entry of its own: write it next to its image, or as "platforms" of the request`;
  return entries.map(({ image }) => refusedText(image, reason));
}

function readText(text: string, position: Position): readonly RequestedImage[] {
  const trimmed = text.trim();
  // A JSON list, object or text, but not `[::1]:5000/app`.
  if (/^(?:\{|"|\[\s*["{[\]])/.test(trimmed)) {
    const json = parseJson(trimmed);
    if (json !== undefined) return readImages(json.value, { ...position, depth: position.depth + 1 });
    // A list with an extra comma or with other quotes is parsed as plain text.
    if (/^\{|[{}]/.test(trimmed)) return [refusedText(trimmed, 'the text starts like JSON but is not valid JSON')];
  }
  return readRequestedText(text).map((entry) => withPlatforms(entry, position));
}

/** Refuses an invalid object without affecting the others. */
function oneRefusal(
  value: Fields,
  position: Position,
  read: () => readonly RequestedImage[],
): readonly RequestedImage[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidInput) return [refusedValue(value, position, error.message)];
    throw error;
  }
}

function readObject(value: Fields, outer: Position): readonly RequestedImage[] {
  const lists = imageKeys.filter((key) => value[key] !== undefined && value[key] !== null);
  const parts = partKeys.filter((key) => value[key] !== undefined && value[key] !== null);
  noteUnknown(value, outer, lists.length + parts.length > 0);
  const position = { ...outer, platforms: platformsOf(value) ?? outer.platforms };
  if (lists.length > 0 && parts.length > 0) throw wrong(`"${lists[0]}" and "${parts[0]}" exclude each other`);
  if (lists.length > 0)
    return lists.flatMap((key) =>
      readImages(value[key], { ...position, path: below(position.path, key), depth: position.depth + 1 }),
    );
  if (parts.length > 0) return [withPlatforms({ image: joinedParts(value) }, position)];
  if (outer.path === '' && outer.depth === 0) return missing(value, imageKeys, outer);
  const [unknown] = Object.keys(value).filter((key) => !knownKeys.has(key));
  throw wrong(unknown === undefined ? 'the object contains no image' : unknownField(unknown));
}

/** `{"images": null}` and `{}` request nothing; unknown fields are reported. */
function missing(value: Fields, keys: readonly string[], position: Position): readonly RequestedImage[] {
  const named = keys.find((key) => key in value);
  if (named === undefined) return [];
  const found = value[named];
  return [refusedValue(found, { ...position, path: named }, `expected an image, got ${kindOf(found)}`)];
}

/** @throws InvalidInput for a field that must not be ignored */
function noteUnknown(value: Fields, { path, ignored }: Position, hasImage: boolean): void {
  for (const [key, content] of Object.entries(value)) {
    if (knownKeys.has(key)) continue;
    if (hasImage) assertIgnorable(key, content);
    if (/^\S+[/:]\S+$/.test(key)) {
      const image = excerpt(withoutPassword(key));
      throw wrong(
        `"${image}" is a field of a list of sources and targets: the ferry's configuration decides the targets, write {"images": ["${image}"]}`,
      );
    }
    ignored.push(below(path, excerpt(key)));
  }
}

function assertIgnorable(key: string, content: unknown): void {
  if (nearestName(key.toLowerCase(), longKeys) !== undefined) throw wrong(unknownField(key));
  if (typeof content !== 'string' || content === '') return;
  const meaningful = Object.hasOwn(meaningfulKeys, key.toLowerCase()) ? meaningfulKeys[key.toLowerCase()] : undefined;
  if (meaningful !== undefined) throw wrong(`unknown field "${key}": ${meaningful}`);
  if (renameKeys.test(key) && /[/:]/.test(content)) {
    throw wrong(
      `"${key}" renames the copy, which a request cannot do: remove it; set names on a target with "names" in ferry.yaml`,
    );
  }
}

function unknownField(key: string): string {
  const meant = nearestName(key.toLowerCase(), longKeys);
  return `unknown field "${excerpt(key)}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`;
}

function joinedParts(value: Fields): string {
  const [registry, namespace, name, tag] = partKeys.map((key) => textOf(value, key));
  const host = registry?.replace(/^https?:\/\//i, '');
  if (name === undefined || name === '') throw wrong('the object has no "name"');
  if (host !== undefined && host !== '' && !looksLikeHost(host.split('/')[0] ?? '')) {
    throw wrong(
      `"registry" is "${excerpt(withoutPassword(`${host}/`))}", which is not a registry host such as docker.io`,
    );
  }
  if (tag !== undefined && name.includes(':')) throw wrong('"name" already contains a tag: remove it or "tag"');
  const path = [host, namespace, name].filter((part) => part !== undefined && part !== '').join('/');
  return tag === undefined || tag === '' ? path : `${path}:${tag}`;
}

function textOf(value: Fields, key: string): string | undefined {
  const text = value[key];
  if (text === undefined || text === null) return undefined;
  if (typeof text !== 'string') throw wrong(`"${key}" must be a text, got a ${typeof text}`);
  return text.trim().replace(/^\/+|\/+$/g, '');
}

function platformsOf(value: Fields): readonly string[] | undefined {
  const given = platformKeys.map((key) => value[key]).filter((found) => found !== undefined && found !== null);
  const texts = given.flatMap((found): unknown[] => (Array.isArray(found) ? (found as unknown[]) : [found]));
  const platforms = texts.flatMap((text) => {
    if (typeof text !== 'string') throw wrong('a platform must be a text such as "linux/amd64"');
    return text.split(/[\s,]+/).filter((platform) => platform !== '');
  });
  return platforms.length === 0 ? undefined : platforms;
}

function withoutPlatforms(value: Fields): Fields {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !platformKeys.some((name) => name === key)));
}

/** A platform next to the image itself takes precedence; a different one in its object is a contradiction. */
function withPlatforms(entry: RequestedImage, { platforms }: Position): RequestedImage {
  if (entry.refused !== undefined || platforms === undefined) return entry;
  if (entry.platforms === undefined) return { ...entry, platforms };
  if ([...entry.platforms].sort().join() === [...platforms].sort().join()) return entry;
  return refusedText(
    entry.image,
    `the platform ${entry.platforms.join(',')} next to the image contradicts ${platforms.join(',')} in its field: write only one of them`,
  );
}

function refusedValue(value: unknown, { path }: Position, reason: string): RequestedImage {
  const where = path === '' ? '' : `at ${path}: `;
  return refusedText(typeof value === 'string' ? value : shown(value), `${where}${reason}`);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  return value === null ? 'null' : `a ${typeof value}`;
}

/** Shows only the field names of an object: its values may contain a password. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return '[…]';
  return excerpt(isObject(value) ? `{${Object.keys(value).join(', ')}}` : String(value));
}

function below(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** Undefined if the text is not JSON. */
function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function wrong(what: string): InvalidInput {
  return new InvalidInput(what, 'invalid-reference');
}

function invalid(what: string): InvalidInput {
  return wrong(`${what}: ${expected}`);
}
