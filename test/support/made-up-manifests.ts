import { mediaTypes } from './scripted-images.js';
import { answer, sha256 } from './scripted-registry.js';
import type { Exchange, ScriptedRegistry } from './scripted-registry.js';

const config = Buffer.from('{"os":"linux","architecture":"amd64"}');

/** Manifests that are generated for each request, because many of them would fill the memory of the test. */
export class MadeUpManifests {
  readonly #bodies = new Map<string, () => Buffer>();
  readonly #registry: ScriptedRegistry;
  readonly #repository: string;

  constructor(registry: ScriptedRegistry, repository: string) {
    this.#registry = registry;
    this.#repository = repository;
    registry.putBlob(repository, config);
    registry.when('GET', new RegExp(`/${repository}/manifests/sha256:`), (exchange) => this.#serve(exchange));
  }

  /** An image with a manifest of this size in bytes, different for each number. */
  image(number: number, bytes: number): string {
    const body = (): Buffer => imageOf(number, bytes);
    const digest = sha256(body());
    this.#bodies.set(digest, body);
    return digest;
  }

  /** An index of these under a tag. Each entry has the claimed size. */
  index(tag: string, digests: readonly string[], claimed: number, entry: object = {}): string {
    const manifests = digests.map((digest) => ({ mediaType: mediaTypes.manifest, digest, size: claimed, ...entry }));
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests }));
    return this.#registry.putManifest(this.#repository, tag, { mediaType: mediaTypes.index, bytes });
  }

  #serve({ response, path, ordinary }: Exchange): void | Promise<void> {
    const digest = path.slice(path.indexOf('sha256:'));
    const body = this.#bodies.get(digest);
    if (body === undefined) return ordinary();
    answer(response, 200, { 'content-type': mediaTypes.manifest, 'docker-content-digest': digest }, body());
  }
}

function imageOf(number: number, bytes: number): Buffer {
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: sha256(config), size: config.length },
    layers: [],
    annotations: { number: String(number), padding: '' },
  };
  const short = JSON.stringify(manifest).length;
  manifest.annotations.padding = 'x'.repeat(Math.max(0, bytes - short));
  return Buffer.from(JSON.stringify(manifest));
}
