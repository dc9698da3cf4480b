import type { CopyProgress } from '../copy-types.js';
import type { RegistryClient } from '../registry-client.js';
import type { RepositoryRef } from '../repository-ref.js';
import { startBlobHash } from './blob-hash.js';
import { BlobRead } from './blob-read.js';
import type { Blob } from './image-blobs.js';

/** The copy that a read belongs to. */
interface ReadContext {
  readonly client: RegistryClient;
  readonly source: RepositoryRef;
  readonly signal: AbortSignal;
  readonly report: (progress: CopyProgress) => void;
}

/** Reads a small blob whole and verified, once for all targets that need it: when the first of them does. */
export class SmallBlobRead {
  readonly #context: ReadContext;
  readonly #blob: Blob;
  #reading: Promise<Buffer> | undefined;

  constructor(context: ReadContext, blob: Blob) {
    this.#context = context;
    this.#blob = blob;
  }

  /** Starts reading. A fault is thrown by `bytes`. */
  begin(): void {
    this.#started().catch(() => {});
  }

  /** @throws BlobMismatch, RegistryFault of the source; after that the next call reads it again */
  async bytes(): Promise<Buffer> {
    const reading = this.#started();
    try {
      return await reading;
    } catch (error) {
      if (this.#reading === reading) this.#reading = undefined;
      throw error;
    }
  }

  #started(): Promise<Buffer> {
    this.#reading ??= this.#read();
    return this.#reading;
  }

  async #read(): Promise<Buffer> {
    const { client, source, report, signal } = this.#context;
    const { digest } = this.#blob;
    const chunks: Buffer[] = [];
    await new BlobRead(client, source, this.#blob, {
      hash: startBlobHash(digest),
      handlers: {
        onBytesRead: (bytes) => report({ type: 'read', digest, bytes }),
        // The memory of a chunk is used again after this call.
        onChunk: (chunk) => chunks.push(Buffer.from(chunk)),
      },
      signal,
    }).run();
    return Buffer.concat(chunks);
  }
}
