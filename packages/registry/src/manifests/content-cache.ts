import type { Digest } from '../oci/digest.js';

/** An entry that takes more than one of this number of parts of the cache would only displace what others need. */
const cacheParts = 16;

/** Bytes whose digest has been checked. */
export interface Content {
  readonly digest: Digest;
  /** The Content-Type of its answer. */
  readonly mediaType: string;
  readonly body: Buffer;
}

/**
 * Caches manifests and configs by digest, and drops the least recently used first. Content never changes under a
 * digest, so a planned image is copied without another request to the source (Docker Hub counts every manifest read as
 * a pull).
 */
export class ContentCache {
  readonly #limitBytes: number;
  readonly #contents = new Map<Digest, Content>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get(digest: Digest): Content | undefined {
    const content = this.#contents.get(digest);
    if (content === undefined) return undefined;
    this.#contents.delete(digest);
    this.#contents.set(digest, content);
    return content;
  }

  add(content: Content): void {
    if (this.#contents.has(content.digest) || content.body.length > this.#limitBytes / cacheParts) return;
    this.#contents.set(content.digest, content);
    this.#bytes += content.body.length;
    for (const [digest, { body }] of this.#contents) {
      if (this.#bytes <= this.#limitBytes) return;
      this.#contents.delete(digest);
      this.#bytes -= body.length;
    }
  }
}
