import type { IncomingMessage } from 'node:http';

import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { TakeBytes } from '../transport/body-tap.js';
import { unpooled } from '../transport/buffer-pool.js';
import type { BufferLease } from '../transport/buffer-pool.js';
import { encodingLabel } from '../transport/response-body.js';
import { backoff, rest } from '../transport/retrying.js';
import type { BlobHash } from './blob-hash.js';
import { mismatch } from './blob-mismatch.js';
import type { BlobMismatch } from './blob-mismatch.js';
import type { Blob } from './image-blobs.js';
import { SourceCut, openBlob } from './open-blob.js';
import type { ConnectionLimit } from './ranges/connection-limit.js';
import { DividedRead } from './ranges/divided-read.js';
import { minBytesPerSecond } from './throughput-watchdog.js';

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
  #restTimer: NodeJS.Timeout | undefined;
  #hasBegun = false;
  #reading: DividedRead | undefined;
  #stopped = false;
  /** Its bytes came in several answers that were requested at the same time. */
  #isDivided = false;
  #limit: ConnectionLimit | undefined;

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
    this.#reading?.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#reading?.resume();
  }

  /** The rest is not needed. `run` then ends as if the blob were complete; nothing may be committed because of that. */
  stop(): void {
    this.#stopped = true;
    this.#reading?.stop();
  }

  /**
   * @throws BlobMismatch when the bytes are not the blob
   * @throws RegistryFault when the source cannot be read
   */
  async run(): Promise<void> {
    const cached = this.#client.contents.get(this.#blob.digest);
    if (cached !== undefined) {
      if (cached.body.length !== this.#blob.size) throw this.#mismatch(`it has ${cached.body.length} bytes`);
      this.#deliver(cached.body.subarray(this.#received), unpooled);
    } else {
      await this.#readAll();
    }
    if (this.#stopped) return;

    const digest = this.#hash.digest();
    const { ranges } = this.#client;
    const wasWhole = !ranges.mayDivide(this.#blob.digest);
    if (digest !== this.#blob.digest) {
      // The ranges may be wrong, and the blob right: it is read again over one connection.
      if (this.#isDivided) ranges.readWhole(this.#blob.digest);
      throw this.#mismatch(`its bytes are ${digest}`);
    }
    if (wasWhole) this.#limit?.refuse(performance.now());
  }

  /** Keeps to the read rate that is set for the source. */
  #rest(milliseconds: number): void {
    this.#resting = true;
    this.#reading?.rest(true);
    clearTimeout(this.#restTimer);
    this.#restTimer = setTimeout(() => {
      this.#resting = false;
      this.#reading?.rest(false);
    }, milliseconds);
  }

  async #readAll(): Promise<void> {
    try {
      await this.#readWithBreaks();
    } finally {
      clearTimeout(this.#restTimer);
    }
  }

  async #readWithBreaks(): Promise<void> {
    const { timing } = this.#client.host(this.#repo.host);
    let fruitless = 0;
    while (this.#received < this.#blob.size || !this.#hasBegun) {
      const start = this.#received;
      const startedAt = performance.now();
      try {
        await this.#readFrom(start);
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

  async #readFrom(offset: number): Promise<void> {
    const reply = await openBlob(this.#client, this.#repo, this.#blob, { offset, signal: this.#signal });
    this.#hasBegun = true;
    if (this.#stopped) {
      reply.response.destroy();
      return;
    }
    const { digest, size } = this.#blob;
    const { ranges } = this.#client;
    const host = this.#client.host(this.#repo.host);
    const { timing, readConnections } = host;
    const limit = ranges.limitOf(
      { source: this.#repo.host, server: reply.url.host },
      { most: readConnections, windowMs: timing.rateWindowMs },
    );
    const reading = new DividedRead({
      size,
      offset,
      first: reply,
      timing,
      refusedBlobAt: () => host.refusedBlobAt,
      limit,
      budget: ranges.budget,
      mayDivide: ranges.mayDivide(digest) && encodingLabel(reply.response) === '',
      deliver: (bytes, lease) => this.#deliver(bytes, lease),
      onArrived: (bytes) => {
        this.#handlers.onBytesRead(bytes);
        this.#keepPace(bytes);
      },
      signal: this.#signal,
      tooLong: () => this.#mismatch('it sends more bytes than that'),
      endedEarly: (response) => this.#endedEarly(response),
    });
    this.#limit = limit;
    this.#reading = reading;
    if (this.#paused) reading.pause();
    // The rate limit may still delay this read for what was read before, of other blobs too.
    this.#keepPace(0);
    if (this.#resting) reading.rest(true);
    try {
      await reading.run();
    } finally {
      this.#isDivided ||= reading.isDivided;
      this.#reading = undefined;
    }
  }

  #deliver(bytes: Buffer, lease: BufferLease): void {
    this.#received += bytes.length;
    this.#hash.update(bytes);
    this.#handlers.onChunk(bytes, lease);
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
