import type { Digest } from '../../domain/digest.js';
import { FerryError } from '../../domain/ferry-error.js';
import { readPlatform } from '../../domain/platform.js';
import type { Platform } from '../../domain/platform.js';
import { readSourceManifest } from '../../domain/source-manifest.js';
import type { SourceManifest } from '../../domain/source-manifest.js';
import type { Content } from './content-cache.js';
import { platformConfig } from '../blobs/image-blobs.js';
import { getManifest } from './manifest-exchange.js';
import type { Place } from '../place.js';
import type { RegistryClient } from '../registry-client.js';
import { readFromSource } from '../resolve-source.js';
import { readSmallBlob } from '../blobs/small-blob.js';

const READS_AT_ONCE = 4;

export interface ReadManifest {
  readonly content: Content;
  readonly manifest: SourceManifest;
}

/**
 * Reads the manifests of one source image, each once: from the client's cache, then from a target that has it already
 * (free, where the source may count every read as a pull), then from the source.
 */
export class ManifestReader {
  readonly #client: RegistryClient;
  readonly #source: Place;
  readonly #root: Digest;
  readonly #holders: ReadonlyMap<Digest, readonly Place[]>;
  readonly #signal: AbortSignal;
  readonly #manifests = new Map<Digest, Promise<ReadManifest>>();

  /** @param holders targets whose tag leads to a digest already, by that digest */
  constructor(
    client: RegistryClient,
    source: Place,
    {
      root,
      holders,
      signal,
    }: {
      readonly root: Digest;
      readonly holders: ReadonlyMap<Digest, readonly Place[]>;
      readonly signal: AbortSignal;
    },
  ) {
    this.#client = client;
    this.#source = source;
    this.#root = root;
    this.#holders = holders;
    this.#signal = signal;
  }

  /** @throws RegistryFault of the source, UnsupportedManifest */
  read(digest: Digest): Promise<ReadManifest> {
    const known = this.#manifests.get(digest);
    if (known !== undefined) return known;
    const reading = this.#read(digest);
    this.#manifests.set(digest, reading);
    return reading;
  }

  /** The same for many, a few at a time. */
  async readAll(digests: readonly Digest[]): Promise<void> {
    const queue = [...digests];
    const reader = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await this.read(next);
    };
    await Promise.all(Array.from({ length: READS_AT_ONCE }, reader));
  }

  /** The platform of a single image, from its config; undefined for artifacts. */
  async platformOf({ content, manifest }: ReadManifest): Promise<Platform | undefined> {
    if (manifest.kind !== 'image') return undefined;
    const config = platformConfig(manifest.json, this.nameOf(content.digest));
    if (config === undefined) return undefined;
    const body = await readSmallBlob(this.#client, this.#placesOf(content.digest), config, this.#signal);
    try {
      return readPlatform(JSON.parse(body.toString('utf8')));
    } catch {
      // A config that is no JSON tells no platform; the image is copied as it is when no platform is asked for.
      return undefined;
    }
  }

  nameOf(digest: Digest): string {
    return `${this.#source.host}/${this.#source.repository}@${digest}`;
  }

  async #read(digest: Digest): Promise<ReadManifest> {
    const content = this.#client.contents.get(digest) ?? (await this.#fetch(digest));
    const { mediaType: contentType, body } = content;
    const name = this.nameOf(digest);
    const manifest = readSourceManifest({ name, digest, contentType, size: body.length, text: body.toString('utf8') });
    return { content: { ...content, mediaType: manifest.mediaType }, manifest };
  }

  async #fetch(digest: Digest): Promise<Content> {
    const signal = this.#signal;
    for (const place of this.#holdersOf(digest)) {
      try {
        const content = await getManifest(this.#client, place, digest, {
          signal,
          deniedIsAbsent: true,
          attempts: 1,
        });
        if (content !== undefined) return content;
      } catch (error) {
        // Only a shortcut: whatever is wrong with the target shows when it is copied to.
        if (!(error instanceof FerryError)) throw error;
      }
    }
    return readFromSource(this.#client, this.#source, digest, { root: this.#root, signal });
  }

  #placesOf(digest: Digest): readonly Place[] {
    return [...this.#holdersOf(digest), this.#source];
  }

  /** Whoever has the root has its children. */
  #holdersOf(digest: Digest): readonly Place[] {
    return [
      ...(this.#holders.get(digest) ?? []),
      ...(digest === this.#root ? [] : (this.#holders.get(this.#root) ?? [])),
    ];
  }
}
