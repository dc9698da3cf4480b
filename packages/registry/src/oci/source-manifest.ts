import { RegistryError } from '../errors.js';
import { JsonBeyondBounds, parseBoundedJson } from './bounded-json.js';
import { isDigest } from './digest.js';
import type { Digest } from './digest.js';
import { readPlatform } from './platform.js';
import type { Platform } from './platform.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** An entry of an index's `manifests` (image-spec, image-index.md). */
export interface ChildDescriptor {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the manifest itself. */
  readonly size: number;
  /** Canonical; absent if the index has none, or `unknown/unknown`. */
  readonly platform?: Platform | undefined;
  readonly artifactType?: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** The original entry of the index with all fields. */
  readonly json: JsonObject;
}

/** A manifest or an index, distinguished by its shape. The caller keeps the bytes. */
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

/** A manifest that cannot be copied. */
export class UnsupportedManifest extends RegistryError {
  constructor(reason: string) {
    super(reason, { code: 'manifest-unsupported', decision: 'block' });
  }
}

/** Media types of manifests by kind. The first, OCI's, is the default of a body without a media type: Docker's must have one. */
const manifestTypes = {
  index: ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json'],
  image: ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json'],
} as const;

/** Media types of manifests with `blobs` instead of `config` and `layers` (drafts of OCI 1.1, and older ORAS). */
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
  /** The Content-Type of the response. */
  readonly contentType: string;
  /** Length of the body in bytes. */
  readonly size: number;
  readonly text: string;
}

/**
 * readSourceManifest parses a manifest whose digest was verified. The content decides the type: registries and proxies send
 * wrong types (nvcr.io: `text/plain`; Nexus: Docker's for OCI's), and a target accepts only the right one.
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

/** The media type for pushing a manifest: by its content, else the Content-Type that it was received with. */
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
 * isArtifactManifest checks if a manifest is not an image: its config is not an image config, or it has none. Registries
 * that accept only images (ACR Personal, distribution with `policy.repository.classes`) refuse such manifests.
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
      `${name} is a Docker schema 1 manifest, which registries no longer accept: its publisher must push it again`,
    );
  }
  const shape = shapeOf(json);
  // Clients that parse it differently would see two different images (CVE-2021-41190).
  if (shape === 'both') throw new UnsupportedManifest(`${name} is an index and an image at once`);
  if (shape !== 'neither') return shape;
  const sent = contentType === '' ? 'no media type' : contentType.slice(0, 120);
  throw new UnsupportedManifest(`${name} is neither an image (config, layers) nor an index (manifests): ${sent}`);
}

/** The digest of schema 1 covers the signed payload, not the bytes of the body. */
export function isSchema1(json: JsonObject): boolean {
  return json['schemaVersion'] === 1 || 'fsLayers' in json;
}

/** Go writes empty lists as `null`, and an empty index may have no list at all. */
function shapeOf(json: JsonObject): 'image' | 'index' | 'both' | 'neither' {
  const isImage = isObject(json['config']) || Array.isArray(json['layers']) || Array.isArray(json['blobs']);
  if (Array.isArray(json['manifests'])) return isImage ? 'both' : 'index';
  if (isImage) return 'image';
  const listsNothing = 'manifests' in json ? json['manifests'] === null : isTypeOf('index', json['mediaType']);
  return listsNothing ? 'index' : 'neither';
}

function mediaTypeOf(json: JsonObject, kind: 'image' | 'index', contentType: string, name: string): string {
  // Go writes a missing field as null or ''.
  const own = json['mediaType'] === null || json['mediaType'] === '' ? undefined : json['mediaType'];
  if (own === undefined) return unnamedType(json, kind, contentType);
  if (typeof own !== 'string') throw new UnsupportedManifest(`${name} has a mediaType that is not text`);
  if (isTypeOf(kind === 'index' ? 'image' : 'index', own)) {
    throw new UnsupportedManifest(`${name} is an ${kind} by its content, but its mediaType is ${own.slice(0, 120)}`);
  }
  return own;
}

/** The type of a body without a mediaType: Docker's types require one, so it is OCI's, whatever the Content-Type. */
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
    platform,
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
