import { JsonBeyondBounds, parseBoundedJson } from './bounded-json.js';
import { isDigest } from './digest.js';
import type { Digest } from './digest.js';
import { FerryError } from '../../../../src/domain/ferry-error.js';
import { readPlatform } from './platform.js';
import type { Platform } from './platform.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** An entry of an index's `manifests` (image-spec, image-index.md). */
export interface ChildDescriptor {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the manifest itself. */
  readonly size: number;
  /** Canonical; absent where the index names none, or `unknown/unknown`. */
  readonly platform?: Platform;
  readonly artifactType?: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** The entry as the index has it, every field. */
  readonly json: JsonObject;
}

/** A manifest or an index, told apart by its shape. Its bytes stay with whoever fetched it. */
export type SourceManifest =
  | {
      readonly kind: 'image';
      readonly digest: Digest;
      readonly mediaType: string;
      readonly size: number;
      readonly json: JsonObject;
    }
  | {
      readonly kind: 'index';
      readonly digest: Digest;
      readonly mediaType: string;
      readonly size: number;
      readonly json: JsonObject;
      readonly children: readonly ChildDescriptor[];
    };

/** A manifest of a form that cannot be copied. */
export class UnsupportedManifest extends FerryError {
  constructor(reason: string) {
    super(reason, { code: 'manifest-unsupported', decision: 'block' });
  }
}

/** Media types of manifests by what they hold; OCI's first, which are also those of a body that names none: Docker's do. */
const manifestTypes = {
  index: ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json'],
  image: ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json'],
} as const;

/** Of manifests with `blobs` in place of `config` and `layers` (OCI 1.1 before its release, and ORAS before that). */
const artifactType = /^application\/vnd\.[\w.+-]*\bartifact\.manifest\b/;
const usualArtifactType = 'application/vnd.oci.artifact.manifest.v1+json';

const imageConfigTypes: ReadonlySet<unknown> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

export interface FetchedManifest {
  /** For messages: `host/path@digest`. */
  readonly name: string;
  readonly digest: Digest;
  /** The answer's Content-Type. */
  readonly contentType: string;
  /** Bytes of the body. */
  readonly size: number;
  readonly text: string;
}

/**
 * Reads a manifest whose digest has been checked. Its content decides what it is: registries and proxies send wrong
 * types (nvcr.io: `text/plain`; Nexus: Docker's for OCI's), and a target takes only the right one.
 * @throws UnsupportedManifest naming the manifest and what is wrong with it
 */
export function readSourceManifest({ name, digest, contentType, size, text }: FetchedManifest): SourceManifest {
  const json = parseObject(text, name);
  const kind = kindOf(json, name, contentType);
  const mediaType = mediaTypeOf(json, kind, contentType, name);
  const manifest = { digest, mediaType, size, json };
  if (kind === 'image') return { kind, ...manifest };
  const entries = Array.isArray(json['manifests']) ? (json['manifests'] as readonly unknown[]) : [];
  return {
    kind,
    ...manifest,
    children: entries.map((entry, position) => readChild(entry, `${name}, entry ${position}`)),
  };
}

/** The media type by which a registry takes a manifest back: what its content says, else the one that it was sent with. */
export function manifestTypeOf(text: string, contentType: string): string {
  try {
    const json = parseObject(text, '');
    return mediaTypeOf(json, kindOf(json, '', contentType), contentType, '');
  } catch (error) {
    if (error instanceof UnsupportedManifest) return contentType;
    throw error;
  }
}

/**
 * Whether a manifest is something else than an image: its config is not an image's, or it has none. Registries that take
 * images alone (ACR Personal, distribution with `policy.repository.classes`) look at exactly that, and refuse it.
 */
export function isArtifactManifest(json: JsonObject): boolean {
  if (shapeOf(json) !== 'image') return false;
  const config = json['config'];
  return !isObject(config) || !imageConfigTypes.has(config['mediaType']);
}

function parseObject(text: string, name: string): JsonObject {
  let json: unknown;
  try {
    json = parseBoundedJson(text);
  } catch (error) {
    const why = error instanceof JsonBeyondBounds ? `are ${error.message}` : 'are not JSON';
    throw new UnsupportedManifest(`${name} is not a manifest: its bytes match its digest but ${why}`);
  }
  if (isObject(json)) return json;
  throw new UnsupportedManifest(`${name} is not a manifest: expected a JSON object`);
}

function kindOf(json: JsonObject, name: string, contentType: string): 'image' | 'index' {
  if (isSchema1(json)) {
    throw new UnsupportedManifest(
      `${name} is a Docker schema 1 manifest, a form that registries no longer take: its publisher has to push it again`,
    );
  }
  const shape = shapeOf(json);
  // Read as the one by us and as the other by somebody else, it could pass for two different images (CVE-2021-41190).
  if (shape === 'both') throw new UnsupportedManifest(`${name} is an index and an image at once`);
  if (shape !== 'neither') return shape;
  const sent = contentType === '' ? 'no media type' : contentType.slice(0, 120);
  throw new UnsupportedManifest(`${name} is neither an image (config, layers) nor an index (manifests): ${sent}`);
}

/** Its digest is of the signed payload, not of its bytes. */
export function isSchema1(json: JsonObject): boolean {
  return json['schemaVersion'] === 1 || 'fsLayers' in json;
}

/** Empty lists may be written as `null`, as Go writes them, and an index that lists nothing may have no list at all. */
function shapeOf(json: JsonObject): 'image' | 'index' | 'both' | 'neither' {
  const isImage = isObject(json['config']) || Array.isArray(json['layers']) || Array.isArray(json['blobs']);
  if (Array.isArray(json['manifests'])) return isImage ? 'both' : 'index';
  if (isImage) return 'image';
  const listsNothing = 'manifests' in json ? json['manifests'] === null : isTypeOf('index', json['mediaType']);
  return listsNothing ? 'index' : 'neither';
}

function mediaTypeOf(json: JsonObject, kind: 'image' | 'index', contentType: string, name: string): string {
  // In Go's JSON both are what is not there.
  const own = json['mediaType'] === null || json['mediaType'] === '' ? undefined : json['mediaType'];
  if (own === undefined) return unnamedType(json, kind, contentType);
  if (typeof own !== 'string') throw new UnsupportedManifest(`${name} has a mediaType that is not text`);
  if (isTypeOf(kind === 'index' ? 'image' : 'index', own)) {
    throw new UnsupportedManifest(`${name} is an ${kind} by its content, but calls itself ${own.slice(0, 120)}`);
  }
  return own;
}

/** Of a body that does not name its type: Docker's forms have to, so it is OCI's, however it was sent. */
function unnamedType(json: JsonObject, kind: 'image' | 'index', contentType: string): string {
  if (kind === 'index' || isObject(json['config']) || Array.isArray(json['layers'])) return manifestTypes[kind][0];
  const sent = (contentType.split(';')[0] ?? '').trim().toLowerCase();
  return artifactType.test(sent) ? sent : usualArtifactType;
}

function isTypeOf(kind: 'image' | 'index', mediaType: unknown): boolean {
  const types: readonly string[] = manifestTypes[kind];
  return typeof mediaType === 'string' && types.includes(mediaType.toLowerCase());
}

function readChild(entry: unknown, name: string): ChildDescriptor {
  if (!isObject(entry)) throw new UnsupportedManifest(`${name} is not a descriptor`);
  const { digest, mediaType, size } = entry as { readonly [field in 'digest' | 'mediaType' | 'size']?: unknown };
  if (typeof digest !== 'string' || !isDigest(digest)) {
    throw new UnsupportedManifest(`${name} has no sha256 or sha512 digest`);
  }
  if (typeof mediaType !== 'string' || mediaType === '') throw new UnsupportedManifest(`${name} has no media type`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw new UnsupportedManifest(`${name} has no size in bytes`);
  }
  const platform = readPlatform(entry['platform']);
  const artifactType = entry['artifactType'];
  return {
    digest,
    mediaType,
    size,
    annotations: textFields(entry['annotations']),
    json: entry,
    ...(platform === undefined ? {} : { platform }),
    ...(typeof artifactType === 'string' ? { artifactType } : {}),
  };
}

function textFields(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((field): field is [string, string] => typeof field[1] === 'string'),
  );
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
