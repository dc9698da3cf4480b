import { InvalidInput } from './ferry-error.js';
import { excerpt } from './reference-grammar.js';
import { looksLikeHost } from './image-reference.js';
import { requestFault } from './request-limits.js';
import { withoutPassword } from './typed-password.js';

/** An image as somebody asked for it, not yet looked at. */
export interface RequestedImage {
  readonly image: string;
  /** Platforms, or `all` alone, of this image; absent: those of the whole request. */
  readonly platforms?: readonly string[];
}

export interface RequestedImages {
  readonly images: readonly RequestedImage[];
  readonly platforms?: readonly string[];
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
  readonly previous?: 'pending' | 'pushed' | 'parked' | 'withdrawn';
  readonly reason?: string;
}

const deepest = 4;
const imageKeys = ['image', 'images'] as const;
const partKeys = ['registry', 'namespace', 'name', 'tag'] as const;
const platformKeys = ['platform', 'platforms'] as const;
const knownKeys: ReadonlySet<string> = new Set([...imageKeys, ...partKeys, ...platformKeys]);

/**
 * Reads what senders put into a dispatch's `client_payload`, a workflow's `inputs` and the body of `POST /api/images`:
 * one image, several in one text, a list, JSON in a text, objects with `image` or `images`, or with `registry`,
 * `namespace`, `name` and `tag`; each with `platform` or `platforms`. The references themselves are not judged here.
 *
 * @throws InvalidInput saying what was found and what was expected
 */
export function readRequestedImages(payload: unknown): RequestedImages {
  // The platforms of the whole request are said once, not with each image.
  const whole = isObject(payload) ? platformsOf(payload) : undefined;
  const images = readImages(isObject(payload) ? withoutPlatforms(payload) : payload, undefined, 0);
  if (images.length === 0) throw refused('no image was asked for');
  const request = { images, ...(whole === undefined ? {} : { platforms: whole }) };
  const fault = requestFault(request);
  if (fault !== undefined) throw refused(fault);
  return request;
}

function readImages(value: unknown, platforms: readonly string[] | undefined, depth: number): RequestedImage[] {
  if (depth > deepest) throw refused('the lists are nested too deep');
  if (typeof value === 'string') return readText(value, platforms, depth);
  if (Array.isArray(value)) return value.flatMap((entry: unknown) => readImages(entry, platforms, depth + 1));
  if (isObject(value)) return readObject(value, platforms, depth);
  throw refused(`${value === null ? 'null' : `a ${typeof value}`} stands where an image was expected`);
}

/** References hold neither white space nor commas, so that both may stand between them. */
function readText(text: string, platforms: readonly string[] | undefined, depth: number): RequestedImage[] {
  const trimmed = text.trim();
  // A list, an object or a text in JSON; `[::1]:5000/app` is none of them.
  if (/^(?:\{|"|\[\s*["{[\]])/.test(trimmed)) return readImages(parseJson(trimmed), platforms, depth + 1);
  return trimmed
    .split(/[\n,]+/)
    .flatMap((line) => (isPullCommand(line) ? [line.trim()] : line.split(/\s+/)))
    .filter((image) => image !== '')
    .map((image) => withPlatforms(image, platforms));
}

/** Pasted whole, `docker pull nginx` must not mean the images `docker` and `pull`: it is refused with what to type. */
function isPullCommand(line: string): boolean {
  return /^\s*(?:\$\s+)?(?:sudo\s+)?(?:docker|podman|nerdctl|crictl)\s+(?:image\s+)?pull\s/.test(line);
}

function readObject(
  value: Readonly<Record<string, unknown>>,
  outer: readonly string[] | undefined,
  depth: number,
): RequestedImage[] {
  const unknown = Object.keys(value).find((key) => !knownKeys.has(key));
  if (unknown !== undefined) throw refused(`"${excerpt(unknown)}" is not known here`);
  const platforms = platformsOf(value) ?? outer;
  const lists = imageKeys.filter((key) => value[key] !== undefined && value[key] !== null);
  const parts = partKeys.filter((key) => value[key] !== undefined && value[key] !== null);
  if (lists.length > 0 && parts.length > 0) throw refused(`"${lists[0]}" and "${parts[0]}" exclude each other`);
  if (lists.length > 0) return lists.flatMap((key) => readImages(value[key], platforms, depth + 1));
  return parts.length === 0 ? [] : [withPlatforms(joinedParts(value), platforms)];
}

function joinedParts(value: Readonly<Record<string, unknown>>): string {
  const [registry, namespace, name, tag] = partKeys.map((key) => textOf(value, key));
  const host = registry?.replace(/^https?:\/\//i, '');
  if (name === undefined || name === '') throw refused('the object has no "name"');
  if (host !== undefined && host !== '' && !looksLikeHost(host.split('/')[0] ?? '')) {
    throw refused(
      `"registry" is "${excerpt(withoutPassword(`${host}/`))}", which is not a registry's host such as docker.io`,
    );
  }
  if (tag !== undefined && name.includes(':')) throw refused('"name" has a tag already, and there is "tag"');
  const path = [host, namespace, name].filter((part) => part !== undefined && part !== '').join('/');
  return tag === undefined || tag === '' ? path : `${path}:${tag}`;
}

function textOf(value: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const text = value[key];
  if (text === undefined || text === null) return undefined;
  if (typeof text !== 'string') throw refused(`"${key}" is a ${typeof text} where a text was expected`);
  return text.trim().replace(/^\/+|\/+$/g, '');
}

function platformsOf(value: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const given = platformKeys.map((key) => value[key]).filter((found) => found !== undefined && found !== null);
  const texts = given.flatMap((found): unknown[] => (Array.isArray(found) ? (found as unknown[]) : [found]));
  const platforms = texts.flatMap((text) => {
    if (typeof text !== 'string') throw refused('a platform is a text such as "linux/amd64"');
    return text.split(/[\s,]+/).filter((platform) => platform !== '');
  });
  return platforms.length === 0 ? undefined : platforms;
}

function withoutPlatforms(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !platformKeys.some((name) => name === key)));
}

function withPlatforms(image: string, platforms: readonly string[] | undefined): RequestedImage {
  return platforms === undefined ? { image } : { image, platforms };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw refused(`the text begins like JSON but is none: "${excerpt(text)}"`);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(what: string): InvalidInput {
  return new InvalidInput(
    `${what}: expected {"images": ["nginx:1.27"], "platforms": ["linux/amd64"]}, one image as text, or objects with ` +
      'registry, namespace, name, tag and platform',
    'invalid-reference',
  );
}
