import { InvalidInput } from './ferry-error.js';
import { looksLikeHost } from '../../packages/registry/src/oci/image-reference.js';
import { nearestName } from './nearest-name.js';
import { excerpt } from '../../packages/registry/src/oci/reference-grammar.js';
import { requestFault } from './request-limits.js';
import type { RequestedImage } from './requested-image.js';
import { isPlatformAlone, readRequestedText, refusedText } from './requested-text.js';
import { withoutPassword } from '../../packages/registry/src/oci/typed-password.js';

export type { RequestedImage } from './requested-image.js';

export interface RequestedImages {
  /** In the order of the request; what was not understood is among them, with its reason. */
  readonly images: readonly RequestedImage[];
  readonly platforms?: readonly string[];
  /** Fields that mean nothing here, by their place in the request. */
  readonly ignored: readonly string[];
}

/** What became of it, for one platform. */
export interface AddedImage {
  /** As it was asked for. */
  readonly asked: string;
  /** Canonical; absent when refused. */
  readonly image?: string;
  readonly platform?: string;
  readonly outcome: 'added' | 'renewed' | 'already-pending' | 'refused';
  /** What it was before, where there was a row. */
  readonly previous?: 'pending' | 'pushed' | 'blocked' | 'withdrawn';
  readonly reason?: string;
}

const deepest = 4;
/** Names of fields that are shown or logged. */
const mostIgnored = 20;
/** Reasons that a refusal of the whole request tells. */
const mostTold = 5;
const imageKeys = ['image', 'images'] as const;
const partKeys = ['registry', 'namespace', 'name', 'tag'] as const;
const platformKeys = ['platform', 'platforms'] as const;
const knownKeys: ReadonlySet<string> = new Set([...imageKeys, ...partKeys, ...platformKeys]);
/** What a slip in a field's name is compared with: shorter names are near to too many others. */
const longKeys = ['image', 'images', 'platform', 'platforms', 'registry', 'namespace'];
/** A field that changes which image is meant: to ignore it would be to copy another one. */
const meaningfulKeys: Readonly<Record<string, string>> = {
  arch: 'write "platform": "linux/arm64"',
  architecture: 'write "platform": "linux/arm64"',
  digest: 'write it behind the image, name@sha256:…',
};
const renameKeys =
  /^(?:rename|as|to|target|dest|destination|dst|new_?name|(?:new|target|dest|destination)_?(?:image|name|repo|repository))$/i;
const expected =
  'expected {"images": ["nginx:1.27"], "platforms": ["linux/amd64"]}, one image as text, or objects with registry, namespace, name, tag and platform';

type Fields = Readonly<Record<string, unknown>>;

/** Where in the request something stands, and what counts there. */
interface Place {
  /** `images[1]`; empty for the request itself. */
  readonly path: string;
  readonly platforms?: readonly string[] | undefined;
  readonly depth: number;
  readonly ignored: string[];
}

/**
 * Reads what senders put into a dispatch's `client_payload`, a workflow's `inputs`, the body of `POST /api/images`, a
 * file or an argument: one image, several in one text, a list, JSON in a text, objects with `image` or `images`, or with
 * `registry`, `namespace`, `name` and `tag`; each with `platform` or `platforms`. An entry that is not understood is
 * refused by itself; the references themselves are not judged here.
 *
 * @throws InvalidInput for platforms of the whole request that are none, and for more than one request may hold
 */
export function readRequest(payload: unknown): RequestedImages {
  const ignored: string[] = [];
  // The platforms of the whole request are said once, not with each image.
  const platforms = isObject(payload) ? platformsOf(payload) : undefined;
  const images = readImages(isObject(payload) ? withoutPlatforms(payload) : payload, { path: '', depth: 0, ignored });
  const request = {
    images,
    ...(platforms === undefined ? {} : { platforms }),
    ignored: [...new Set(ignored)].slice(0, mostIgnored),
  };
  const fault = requestFault(request);
  if (fault !== undefined) throw invalid(fault);
  return request;
}

/**
 * The same of a request that has to hold an image.
 *
 * @throws InvalidInput also when no image is in it, or none that was understood
 */
export function readRequestedImages(payload: unknown): RequestedImages {
  const request = readRequest(payload);
  const refused = request.images.flatMap(({ image, refused: reason }) =>
    reason === undefined ? [] : [`"${excerpt(image)}": ${reason}`],
  );
  if (refused.length > 0 && refused.length === request.images.length)
    throw invalid(refused.slice(0, mostTold).join('; '));
  if (request.images.length > 0) return request;
  const fields = request.ignored.length === 0 ? '' : `: ${request.ignored.map(unknownField).join(', ')}`;
  throw invalid(`no image was requested${fields}`);
}

/**
 * One image of a request that was read before, such as a workflow's input that a person typed. What is right already
 * stays as it is.
 */
export function readAgain(requested: string | RequestedImage): readonly RequestedImage[] {
  const { image, platforms, refused }: RequestedImage =
    typeof requested === 'string' ? { image: requested } : requested;
  if (refused !== undefined) return [{ image, refused }];
  const read = readImages(image, { path: '', platforms, depth: 0, ignored: [] });
  // A text that holds nothing is judged as a reference, which says so.
  return read.length === 0 ? [{ image }] : read;
}

function readImages(value: unknown, place: Place): readonly RequestedImage[] {
  if (place.depth > deepest) return [refusedValue(value, place, 'the lists are nested too deep')];
  if (typeof value === 'string') return readText(value, place);
  if (Array.isArray(value)) return readList(value, place);
  if (isObject(value)) return oneRefusal(value, place, () => readObject(value, place));
  // A request without any payload is one without images.
  if (value === undefined && place.path === '') return [];
  return [refusedValue(value, place, `${kindOf(value)} stands where an image was expected`)];
}

function readList(values: readonly unknown[], place: Place): readonly RequestedImage[] {
  const read = values.map((value, index) =>
    readImages(value, { ...place, path: `${place.path}[${index}]`, depth: place.depth + 1 }),
  );
  return assertPlatformsBesideImages(read.flat());
}

/** An entry that is a platform alone belongs to another entry, and which one is not known. */
function assertPlatformsBesideImages(entries: readonly RequestedImage[]): readonly RequestedImage[] {
  const stray = entries.find(({ image, refused }) => refused !== undefined && isPlatformAlone(image));
  if (stray === undefined || entries.length === 1) return entries;
  const reason = `the platform "${stray.image}" stands in an entry of its own: write it beside its image, or as "platforms" of the request`;
  return entries.map(({ image }) => refusedText(image, reason));
}

function readText(text: string, place: Place): readonly RequestedImage[] {
  const trimmed = text.trim();
  // A list, an object or a text in JSON; `[::1]:5000/app` is none of them.
  if (/^(?:\{|"|\[\s*["{[\]])/.test(trimmed)) {
    const json = parseJson(trimmed);
    if (json !== undefined) return readImages(json.value, { ...place, depth: place.depth + 1 });
    // A list with a comma too many, or with other quotes, is read as any other list.
    if (/^\{|[{}]/.test(trimmed)) return [refusedText(trimmed, 'the text begins like JSON but is none')];
  }
  return readRequestedText(text).map((entry) => withPlatforms(entry, place));
}

/** What an object says of itself is wrong: it is refused, and the others are not. */
function oneRefusal(value: Fields, place: Place, read: () => readonly RequestedImage[]): readonly RequestedImage[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidInput) return [refusedValue(value, place, error.message)];
    throw error;
  }
}

function readObject(value: Fields, outer: Place): readonly RequestedImage[] {
  const lists = imageKeys.filter((key) => value[key] !== undefined && value[key] !== null);
  const parts = partKeys.filter((key) => value[key] !== undefined && value[key] !== null);
  noteUnknown(value, outer, lists.length + parts.length > 0);
  const place = { ...outer, platforms: platformsOf(value) ?? outer.platforms };
  if (lists.length > 0 && parts.length > 0) throw wrong(`"${lists[0]}" and "${parts[0]}" exclude each other`);
  if (lists.length > 0)
    return lists.flatMap((key) =>
      readImages(value[key], { ...place, path: below(place.path, key), depth: place.depth + 1 }),
    );
  if (parts.length > 0) return [withPlatforms({ image: joinedParts(value) }, place)];
  if (outer.path === '' && outer.depth === 0) return missing(value, imageKeys, outer);
  const [unknown] = Object.keys(value).filter((key) => !knownKeys.has(key));
  throw wrong(unknown === undefined ? 'the object names no image' : unknownField(unknown));
}

/** `{"images": null}` and `{}` ask for nothing; fields that are not known are told. */
function missing(value: Fields, keys: readonly string[], place: Place): readonly RequestedImage[] {
  const named = keys.find((key) => key in value);
  if (named === undefined) return [];
  const found = value[named];
  return [refusedValue(found, { ...place, path: named }, `${kindOf(found)} stands where an image was expected`)];
}

/** @throws InvalidInput for a field that must not be ignored */
function noteUnknown(value: Fields, { path, ignored }: Place, hasImage: boolean): void {
  for (const [key, content] of Object.entries(value)) {
    if (knownKeys.has(key)) continue;
    if (hasImage) assertIgnorable(key, content);
    if (/^\S+[/:]\S+$/.test(key)) {
      const image = excerpt(withoutPassword(key));
      throw wrong(
        `"${image}" is the name of a field, as in lists of a source and its target: where images go is a matter of the ferry's targets, write {"images": ["${image}"]}`,
      );
    }
    ignored.push(below(path, excerpt(key)));
  }
}

function assertIgnorable(key: string, content: unknown): void {
  if (nearestName(key.toLowerCase(), longKeys) !== undefined) throw wrong(unknownField(key));
  if (typeof content !== 'string' || content === '') return;
  const meaningful = Object.hasOwn(meaningfulKeys, key.toLowerCase()) ? meaningfulKeys[key.toLowerCase()] : undefined;
  if (meaningful !== undefined) throw wrong(`"${key}" is not known here: ${meaningful}`);
  if (renameKeys.test(key) && /[/:]/.test(content)) {
    throw wrong(
      `"${key}" gives the copy another name, which a request cannot do: leave it out; names on a target are given by "names" in ferry.yaml`,
    );
  }
}

function unknownField(key: string): string {
  const meant = nearestName(key.toLowerCase(), longKeys);
  return `"${excerpt(key)}" is not known here${meant === undefined ? '' : `; did you mean "${meant}"?`}`;
}

function joinedParts(value: Fields): string {
  const [registry, namespace, name, tag] = partKeys.map((key) => textOf(value, key));
  const host = registry?.replace(/^https?:\/\//i, '');
  if (name === undefined || name === '') throw wrong('the object has no "name"');
  if (host !== undefined && host !== '' && !looksLikeHost(host.split('/')[0] ?? '')) {
    throw wrong(
      `"registry" is "${excerpt(withoutPassword(`${host}/`))}", which is not a registry's host such as docker.io`,
    );
  }
  if (tag !== undefined && name.includes(':')) throw wrong('"name" has a tag already, and there is "tag"');
  const path = [host, namespace, name].filter((part) => part !== undefined && part !== '').join('/');
  return tag === undefined || tag === '' ? path : `${path}:${tag}`;
}

function textOf(value: Fields, key: string): string | undefined {
  const text = value[key];
  if (text === undefined || text === null) return undefined;
  if (typeof text !== 'string') throw wrong(`"${key}" is a ${typeof text} where a text was expected`);
  return text.trim().replace(/^\/+|\/+$/g, '');
}

function platformsOf(value: Fields): readonly string[] | undefined {
  const given = platformKeys.map((key) => value[key]).filter((found) => found !== undefined && found !== null);
  const texts = given.flatMap((found): unknown[] => (Array.isArray(found) ? (found as unknown[]) : [found]));
  const platforms = texts.flatMap((text) => {
    if (typeof text !== 'string') throw wrong('a platform is a text such as "linux/amd64"');
    return text.split(/[\s,]+/).filter((platform) => platform !== '');
  });
  return platforms.length === 0 ? undefined : platforms;
}

function withoutPlatforms(value: Fields): Fields {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !platformKeys.some((name) => name === key)));
}

/** A platform that stands beside the image itself counts; another one in its object contradicts it. */
function withPlatforms(entry: RequestedImage, { platforms }: Place): RequestedImage {
  if (entry.refused !== undefined || platforms === undefined) return entry;
  if (entry.platforms === undefined) return { ...entry, platforms };
  if ([...entry.platforms].sort().join() === [...platforms].sort().join()) return entry;
  return refusedText(
    entry.image,
    `the platform ${entry.platforms.join(',')} stands beside the image, and ${platforms.join(',')} in its field: write one of them`,
  );
}

function refusedValue(value: unknown, { path }: Place, reason: string): RequestedImage {
  const where = path === '' ? '' : `at ${path}: `;
  return refusedText(typeof value === 'string' ? value : shown(value), `${where}${reason}`);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  return value === null ? 'null' : `a ${typeof value}`;
}

/** Of an object its fields alone: their values may hold a password. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return '[…]';
  return excerpt(isObject(value) ? `{${Object.keys(value).join(', ')}}` : String(value));
}

function below(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** Undefined for what is no JSON. */
function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(what: string): InvalidInput {
  return new InvalidInput(what, 'invalid-reference');
}

function invalid(what: string): InvalidInput {
  return wrong(`${what}: ${expected}`);
}
