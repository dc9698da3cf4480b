import { parseBoundedJson } from '../../domain/bounded-json.js';
import type { Digest } from '../../domain/digest.js';
import { FerryError } from '../../domain/ferry-error.js';
import { readPlatform } from '../../domain/platform.js';
import type { Platform } from '../../domain/platform.js';
import { readSourceManifest } from '../../domain/source-manifest.js';
import type { ChildDescriptor, SourceManifest } from '../../domain/source-manifest.js';
import type { Content } from './content-cache.js';
import { platformConfig } from '../blobs/image-blobs.js';
import { getManifest } from './manifest-exchange.js';
import type { Place } from '../place.js';
import type { RegistryClient } from '../registry-client.js';
import { readFromSource } from '../resolve-source.js';
import { readSmallBlob } from '../blobs/small-blob.js';
import type { ImageBudget } from '../transport/body-budget.js';

const READS_AT_ONCE = 4;

export interface ReadManifest {
  readonly content: Content;
  readonly manifest: SourceManifest;
}

/**
 * Reads the manifests of one source image, each once: from the client's cache, then from a target that has it already
 * (free, where the source may count every read as a pull), then from the source. Bytes are kept, and taken apart each time:
 * as objects they can be many times as large.
 */
export class ManifestReader {
  readonly #client: RegistryClient;
  readonly #source: Place;
  readonly #root: Digest;
  readonly #holders: ReadonlyMap<Digest, readonly Place[]>;
  readonly #budget: ImageBudget;
  readonly #signal: AbortSignal;
  readonly #contents = new Map<Digest, Promise<Content>>();

  /** @param holders targets whose tag leads to a digest already, by that digest */
  constructor(
    client: RegistryClient,
    source: Place,
    {
      root,
      holders,
      budget,
      signal,
    }: {
      readonly root: Digest;
      readonly holders: ReadonlyMap<Digest, readonly Place[]>;
      readonly budget: ImageBudget;
      readonly signal: AbortSignal;
    },
  ) {
    this.#client = client;
    this.#source = source;
    this.#root = root;
    this.#holders = holders;
    this.#budget = budget;
    this.#signal = signal;
  }

  /** @throws RegistryFault of the source, UnsupportedManifest */
  async read(digest: Digest): Promise<ReadManifest> {
    const content = await this.#contentOf(digest);
    const { mediaType: contentType, body } = content;
    const name = this.nameOf(digest);
    const manifest = readSourceManifest({ name, digest, contentType, size: body.length, text: body.toString('utf8') });
    return { content: { ...content, mediaType: manifest.mediaType }, manifest };
  }

  /** What an index lists is about to be read. @throws FerryError `manifest-too-large` */
  async expect(children: readonly ChildDescriptor[]): Promise<void> {
    await this.#budget.expectsManifests(children.map(({ size }) => size));
  }

  /** The same for many, a few at a time, for whoever reads them one after the other then. */
  async readAll(digests: readonly Digest[]): Promise<void> {
    const queue = [...digests].reverse();
    const reader = async (): Promise<void> => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) await this.#contentOf(next);
    };
    await Promise.all(Array.from({ length: READS_AT_ONCE }, reader));
  }

  /** The platform of a single image, from its config; undefined for artifacts. */
  async platformOf({ content, manifest }: ReadManifest): Promise<Platform | undefined> {
    if (manifest.kind !== 'image') return undefined;
    const config = platformConfig(manifest.json, this.nameOf(content.digest));
    if (config === undefined) return undefined;
    const places = this.#placesOf(content.digest);
    const body = await readSmallBlob(this.#client, places, config, { budget: this.#budget, signal: this.#signal });
    try {
      return readPlatform(parseBoundedJson(body.toString('utf8')));
    } catch {
      // A config that is no JSON tells no platform; the image is copied as it is when no platform is asked for.
      return undefined;
    }
  }

  nameOf(digest: Digest): string {
    return `${this.#source.host}/${this.#source.repository}@${digest}`;
  }

  #contentOf(digest: Digest): Promise<Content> {
    const known = this.#contents.get(digest);
    if (known !== undefined) return known;
    this.#budget.countManifest();
    const reading = this.#obtain(digest);
    this.#contents.set(digest, reading);
    return reading;
  }

  async #obtain(digest: Digest): Promise<Content> {
    const cached = this.#client.contents.get(digest);
    if (cached === undefined) return await this.#fetch(digest);
    await this.#budget.took(cached.body.length);
    return cached;
  }

  async #fetch(digest: Digest): Promise<Content> {
    const [signal, budget] = [this.#signal, this.#budget];
    for (const place of this.#holdersOf(digest)) {
      try {
        const content = await getManifest(this.#client, place, digest, {
          signal,
          deniedIsAbsent: true,
          attempts: 1,
          budget,
        });
        if (content !== undefined) return content;
      } catch (error) {
        // Only a shortcut: whatever is wrong with the target shows when it is copied to.
        if (!(error instanceof FerryError)) throw error;
      }
    }
    return readFromSource(this.#client, this.#source, digest, { root: this.#root, budget, signal });
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
