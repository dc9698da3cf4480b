import type { IncomingMessage } from 'node:http';

import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { flowBody } from '../transport/body-flow.js';
import type { BodyFlow, TakeBytes } from '../transport/body-tap.js';
import { unpooled } from '../transport/buffer-pool.js';
import { encodingLabel } from '../transport/response-body.js';
import { backoff, rest } from '../transport/retrying.js';
import type { BlobHash } from './blob-hash.js';
import { mismatch } from './blob-mismatch.js';
import type { BlobMismatch } from './blob-mismatch.js';
import type { Blob } from './image-blobs.js';
import { SourceCut, openBlob } from './open-blob.js';
import { ThroughputWatchdog, minBytesPerSecond } from './throughput-watchdog.js';

/** A read that broke off counts as progress if it brought at least this much, or lasted this long. */
const progressBytes = 1024 * 1024;
const progressMs = 60_000;
const maxFruitlessResumes = 4;

export interface BlobReadHandlers {
  /** Called with each chunk, in order; after `pause` only a few more follow. */
  onChunk: TakeBytes;
  onBytesRead(bytes: number): void;
}

/**
 * Reads a blob of the source once, from where its hash stands: hashes it on the way, resumes it by Range if the
 * connection breaks, and ends only if size and digest are right.
 */
export class BlobRead {
  readonly #client: RegistryClient;
  readonly #repo: RepositoryRef;
  readonly #blob: Blob;
  readonly #hash: BlobHash;
  readonly #handlers: BlobReadHandlers;
  readonly #signal: AbortSignal;
  #received: number;
  #paused = false;
  #resting = false;
  #watch: ThroughputWatchdog | undefined;
  #response: IncomingMessage | undefined;
  #body: BodyFlow | undefined;
  #stopped = false;

  constructor(
    client: RegistryClient,
    repo: RepositoryRef,
    blob: Blob,
    {
      hash,
      handlers,
      signal,
    }: { readonly hash: BlobHash; readonly handlers: BlobReadHandlers; readonly signal: AbortSignal },
  ) {
    this.#client = client;
    this.#repo = repo;
    this.#blob = blob;
    this.#hash = hash;
    this.#received = hash.offset;
    this.#handlers = handlers;
    this.#signal = signal;
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#body?.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#flow();
  }

  /** The rest is not needed. `run` then ends as if the blob were complete; nothing may be committed because of that. */
  stop(): void {
    this.#stopped = true;
    this.#response?.destroy();
  }

  /**
   * @throws BlobMismatch when the bytes are not the blob
   * @throws RegistryFault when the source cannot be read
   */
  async run(): Promise<void> {
    const cached = this.#client.contents.get(this.#blob.digest);
    if (cached !== undefined) {
      if (cached.body.length !== this.#blob.size) throw this.#mismatch(`it has ${cached.body.length} bytes`);
      const rest = cached.body.subarray(this.#received);
      if (rest.length > 0) this.#handlers.onChunk(rest, unpooled);
      return;
    }
    await this.#readAll((chunk) => this.#hash.update(chunk));
    if (this.#stopped) return;

    const digest = this.#hash.digest();
    if (digest !== this.#blob.digest) throw this.#mismatch(`its bytes are ${digest}`);
  }

  #flow(): void {
    if (this.#paused || this.#resting) return;
    this.#watch?.flows(performance.now());
    this.#body?.resume();
  }

  /** Keeps to the read rate that is set for the source. */
  #rest(milliseconds: number): void {
    this.#resting = true;
    this.#body?.pause();
    setTimeout(() => {
      this.#resting = false;
      this.#flow();
    }, milliseconds);
  }

  async #readAll(consume: (chunk: Buffer) => void): Promise<void> {
    const { timing } = this.#client.host(this.#repo.host);
    let fruitless = 0;
    while (this.#received < this.#blob.size || this.#response === undefined) {
      const start = this.#received;
      const startedAt = performance.now();
      try {
        await this.#readFrom(start, consume);
        return;
      } catch (error) {
        this.#signal.throwIfAborted();
        if (this.#stopped) return;
        if (!(error instanceof SourceCut)) throw error;
        const moved = this.#received - start;
        const lasted = performance.now() - startedAt;
        // Time alone is no progress: a silent source takes long, too.
        const isSteady = lasted >= progressMs && moved >= (minBytesPerSecond * lasted) / 1000;
        const progress = moved >= progressBytes || isSteady;
        fruitless = progress ? 0 : fruitless + 1;
        if (!progress) this.#client.host(this.#repo.host).mirrors.markBad(this.#blob.digest);
        if (fruitless === maxFruitlessResumes) throw this.#givenUp(error);
        await rest(backoff(fruitless + 1, timing), this.#signal);
      }
    }
  }

  async #readFrom(offset: number, consume: (chunk: Buffer) => void): Promise<void> {
    const response = await openBlob(this.#client, this.#repo, this.#blob, { offset, signal: this.#signal });
    this.#response = response;
    if (this.#stopped) {
      response.destroy();
      return;
    }
    // A server that ignores the range sends everything: bytes that were read already are skipped.
    const skip = response.statusCode === 200 ? offset : 0;
    await this.#pump(response, skip, consume);
  }

  /** Passes the chunks on until the blob is complete. @throws SourceCut, BlobMismatch if it is too long */
  async #pump(response: IncomingMessage, skip: number, consume: (chunk: Buffer) => void): Promise<void> {
    const { idleMs } = this.#client.host(this.#repo.host).timing;
    const watch = new ThroughputWatchdog(idleMs, performance.now());
    this.#watch = watch;
    let watchdog: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        watchdog = setInterval(() => {
          const fault = watch.check(performance.now(), this.#paused || this.#resting);
          if (fault !== undefined) reject(new SourceCut(fault));
        }, idleMs / 4);
        // The rate limit may still delay this read for what was read before, of other blobs too.
        this.#keepPace(0);
        response.once('end', () => {
          if (this.#received === this.#blob.size) resolve();
          else reject(this.#endedEarly(response));
        });
        response.once('close', () => reject(new SourceCut(`the connection broke after ${this.#received} bytes`)));
        this.#body = flowBody(response, this.#taker({ skip, watch, consume, fail: reject }));
        if (this.#paused || this.#resting) this.#body.pause();
      });
    } catch (error) {
      response.destroy();
      throw error;
    } finally {
      clearInterval(watchdog);
      this.#body?.close();
      this.#body = undefined;
    }
  }

  #taker({ skip, watch, consume, fail }: Taking): TakeBytes {
    let toSkip = skip;
    return (chunk, lease) => {
      watch.took(chunk.length, performance.now());
      this.#handlers.onBytesRead(chunk.length);
      this.#keepPace(chunk.length);
      if (toSkip >= chunk.length) {
        toSkip -= chunk.length;
        return;
      }
      const fresh = toSkip === 0 ? chunk : chunk.subarray(toSkip);
      toSkip = 0;
      this.#received += fresh.length;
      if (this.#received > this.#blob.size) {
        fail(this.#mismatch('it sends more bytes than that'));
        return;
      }
      consume(fresh);
      this.#handlers.onChunk(fresh, lease);
    };
  }

  #keepPace(bytes: number): void {
    const { readPace } = this.#client.host(this.#repo.host);
    const restMs = readPace?.take(bytes, performance.now()) ?? 0;
    if (restMs > 0) this.#rest(restMs);
  }

  #mismatch(found: string): BlobMismatch {
    return mismatch(this.#client, this.#repo, this.#blob, found);
  }

  /** A body with a content encoding has another length, and a range of it would not help. */
  #endedEarly(response: IncomingMessage): SourceCut | BlobMismatch {
    const label = encodingLabel(response);
    if (label === '' || !response.complete) return new SourceCut(`it ended after ${this.#received} bytes`);
    return this.#mismatch(`it sends ${this.#received} bytes${label}`);
  }

  #givenUp(cut: SourceCut): RegistryFault {
    const { digest, size } = this.#blob;
    const message = `reading the blob ${digest} (${size} bytes) broke off again and again: ${cut.message}`;
    return new RegistryFault(message, { repo: this.#repo, code: 'unreachable', decision: 'retry', cause: cut });
  }
}

interface Taking {
  /** Bytes at the front that are known already. */
  readonly skip: number;
  readonly watch: ThroughputWatchdog;
  readonly consume: (chunk: Buffer) => void;
  readonly fail: (fault: BlobMismatch) => void;
}
