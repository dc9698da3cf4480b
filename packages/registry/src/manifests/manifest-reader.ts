import { configBlob } from '../blobs/image-blobs.js';
import { readSmallBlob } from '../blobs/small-blob.js';
import { RegistryError } from '../errors.js';
import { readConfigPlatform, unnamedPlatform } from '../oci/config-platform.js';
import type { ConfigPlatform } from '../oci/config-platform.js';
import type { Digest } from '../oci/digest.js';
import type { Platform } from '../oci/platform.js';
import { readSourceManifest } from '../oci/source-manifest.js';
import type { ChildDescriptor, SourceManifest } from '../oci/source-manifest.js';
import type { RegistryClient } from '../registry-client.js';
import type { RepositoryRef } from '../repository-ref.js';
import { readFromSource } from '../resolve-source.js';
import type { ImageBudget } from '../transport/body-budget.js';
import type { Content } from './content-cache.js';
import { getManifest } from './manifest-exchange.js';
import { isEmptyConfig, isImageConfig } from './media-types.js';

const readsAtOnce = 4;
/** Faults of a manifest itself, not of the registry that should serve it. */
const unreadableCodes: ReadonlySet<string> = new Set(['source-corrupt', 'manifest-unsupported']);
/** Configs hold the history of an image: some are a few hundred kilobytes. */
const configLimitBytes = 4 * 1024 * 1024;

/** A manifest that is missing or incomplete. */
interface Unreadable {
  readonly reason: string;
}

export interface ReadManifest {
  readonly content: Content;
  readonly manifest: SourceManifest;
}

/**
 * Reads the manifests of one source image, each once: from the client's cache, then from a target that has it already
 * (free, while the source may count every read as a pull), then from the source. It keeps bytes and parses them each
 * time: as objects they can be many times as large.
 */
export class ManifestReader {
  readonly #client: RegistryClient;
  readonly #source: RepositoryRef;
  readonly #root: Digest;
  readonly #tag: string | undefined;
  readonly #holders: ReadonlyMap<Digest, readonly RepositoryRef[]>;
  readonly #budget: ImageBudget;
  readonly #signal: AbortSignal;
  readonly #contents = new Map<Digest, Promise<Content>>();
  /** Of the root, if it is an index and was read. */
  #listed: readonly ChildDescriptor[] = [];

  /** @param holders targets whose tag points to a digest already, by that digest */
  constructor(
    client: RegistryClient,
    source: RepositoryRef,
    {
      root,
      tag,
      holders,
      budget,
      signal,
    }: {
      readonly root: Digest;
      /** What pointed to the root when the copy began. */
      readonly tag?: string | undefined;
      readonly holders: ReadonlyMap<Digest, readonly RepositoryRef[]>;
      readonly budget: ImageBudget;
      readonly signal: AbortSignal;
    },
  ) {
    this.#client = client;
    this.#source = source;
    this.#root = root;
    this.#tag = tag;
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
    if (digest === this.#root && manifest.kind === 'index') this.#listed = manifest.children;
    return { content: { ...content, mediaType: manifest.mediaType }, manifest };
  }

  /** Starts reading a manifest that will most likely be needed. Only its own read reports a fault. */
  readAhead(digest: Digest): void {
    this.#contentOf(digest).catch(() => {});
  }

  /** The same for a manifest that matters only if it is there and complete. @returns otherwise the reason */
  async readIfThere(digest: Digest): Promise<ReadManifest | Unreadable> {
    return await this.read(digest).catch(orReason);
  }

  /** Books what an index lists before it is read. @throws RegistryError `manifest-too-large` */
  async expect(children: readonly ChildDescriptor[]): Promise<void> {
    await this.#budget.expectsManifests(children.map(({ size }) => size));
  }

  /**
   * Reads many manifests, a few at a time, for a caller that then goes through them one after the other.
   *
   * @param ifThere whether a manifest that is missing or incomplete is left to the caller's own read
   */
  async readAll(digests: readonly Digest[], { ifThere = false }: { readonly ifThere?: boolean } = {}): Promise<void> {
    const queue = [...digests].reverse();
    const reader = async (): Promise<void> => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const reading = this.#contentOf(next);
        await (ifThere ? reading.catch(orReason) : reading);
      }
    };
    await Promise.all(Array.from({ length: readsAtOnce }, reader));
  }

  /**
   * Reads the platform from the config of a single image; undefined for an index.
   *
   * @param anyType also reads configs of other types than an image's: needed to compare a platform
   */
  async configPlatformOf(
    { content, manifest }: ReadManifest,
    { anyType }: { readonly anyType: boolean },
  ): Promise<ConfigPlatform | undefined> {
    if (manifest.kind !== 'image') return undefined;
    const { artifactType } = manifest.json;
    const config = configBlob(manifest.json, this.nameOf(content.digest));
    if (config === undefined) return unnamedPlatform('it has no config that could name a platform');
    const isImageType = isImageConfig(config.mediaType);
    if (!isImageType && (isEmptyConfig(config.mediaType) || typeof artifactType === 'string')) {
      const type = typeof artifactType === 'string' ? ` of the type ${artifactType.slice(0, 120)}` : '';
      return unnamedPlatform(`it is an artifact${type}, which is for no platform`);
    }
    if (!isImageType && !anyType) return unnamedPlatform(`its config (${config.mediaType}) was not read`);
    if (config.size > configLimitBytes) {
      return unnamedPlatform(`its config of ${config.size} bytes is too large to be read for a platform`);
    }
    // An empty config needs no request, and a registry may not have it.
    if (config.size === 0) return readConfigPlatform('', config.mediaType, isImageType);
    const repos = this.#pathsOf(content.digest);
    const body = await readSmallBlob(this.#client, repos, config, { budget: this.#budget, signal: this.#signal });
    return readConfigPlatform(body.toString('utf8'), config.mediaType, isImageType);
  }

  /** The platform of a single image, from its config; undefined for artifacts, and if the config names none. */
  async platformOf(read: ReadManifest): Promise<Platform | undefined> {
    return (await this.configPlatformOf(read, { anyType: false }))?.platform;
  }

  /** The same for a manifest that matters only if it is there and complete. @returns otherwise the reason */
  async configPlatformIfThere(digest: Digest): Promise<ConfigPlatform | Unreadable | undefined> {
    return await this.read(digest)
      .then(async (read) => await this.configPlatformOf(read, { anyType: true }))
      .catch(orReason);
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
    for (const repo of this.#holdersOf(digest)) {
      try {
        const content = await getManifest(this.#client, repo, digest, {
          signal,
          deniedIsAbsent: true,
          attempts: 1,
          budget,
        });
        if (content !== undefined) return content;
      } catch (error) {
        // Only a shortcut: a fault of the target shows when the image is copied to it.
        if (!(error instanceof RegistryError)) throw error;
      }
    }
    const listed = this.#listed;
    return readFromSource(this.#client, this.#source, digest, {
      root: this.#root,
      tag: this.#tag,
      listed,
      budget,
      signal,
    });
  }

  #pathsOf(digest: Digest): readonly RepositoryRef[] {
    return [...this.#holdersOf(digest), this.#source];
  }

  /** A repository that has the root has its children. */
  #holdersOf(digest: Digest): readonly RepositoryRef[] {
    return [
      ...(this.#holders.get(digest) ?? []),
      ...(digest === this.#root ? [] : (this.#holders.get(this.#root) ?? [])),
    ];
  }
}

function orReason(error: unknown): Unreadable {
  if (error instanceof RegistryError && unreadableCodes.has(error.code)) return { reason: error.message };
  throw error;
}
