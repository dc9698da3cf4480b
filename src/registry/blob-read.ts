import type { IncomingMessage } from 'node:http';
import { blobRequest } from './blob-request.js';
import { announcedSize, beginsAt, rangeFrom } from './byte-range.js';
import { algorithmOf, finishDigest, startDigest } from './content-digest.js';
import type { Blob } from './image-blobs.js';
import type { Place } from './place.js';
import type { RegistryClient } from './registry-client.js';
import { RegistryFault } from './registry-errors.js';
import { send } from './transport/registry-request.js';
import { discardBody } from './transport/response-body.js';
import { backoff, rest } from './transport/retrying.js';
import { isWebPage } from './transport/web-page.js';

/** A source that sends less than this drips: it would hold a place in the pool for as long as it likes. */
const LEAST_BYTES_PER_SECOND = 1024;
/** A cut read that brought at least this much, or lasted this long, was progress. */
const PROGRESS_BYTES = 1024 * 1024;
const PROGRESS_MS = 60_000;
const FRUITLESS_RESUMES = 4;

/** The source sent bytes that are not the blob: worth one more read from its start, and then it is what it says. */
export class BlobMismatch extends RegistryFault {}

/** A break that a Range request may mend. */
class SourceCut extends Error {}

export interface BlobReadHandlers {
  /** Called with each chunk, in order, never while paused. The chunk must not be changed. */
  onChunk(chunk: Buffer): void;
  onBytesRead(bytes: number): void;
}

/**
 * One pass over a blob of the source: hashed on the way, resumed by Range where the connection breaks, and over only
 * when size and digest are right.
 */
export class BlobRead {
  readonly #client: RegistryClient;
  readonly #place: Place;
  readonly #blob: Blob;
  readonly #handlers: BlobReadHandlers;
  readonly #signal: AbortSignal;
  #received = 0;
  #paused = false;
  #resting = false;
  #lastByteAt = 0;
  #response: IncomingMessage | undefined;
  #stopped = false;

  constructor(
    client: RegistryClient,
    place: Place,
    blob: Blob,
    { handlers, signal }: { readonly handlers: BlobReadHandlers; readonly signal: AbortSignal },
  ) {
    this.#client = client;
    this.#place = place;
    this.#blob = blob;
    this.#handlers = handlers;
    this.#signal = signal;
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#response?.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#flow();
  }

  /** Nobody wants the rest. `run` then ends as if it were over; nothing may be committed on the strength of it. */
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
      if (cached.body.length > 0) this.#handlers.onChunk(cached.body);
      return;
    }
    const hash = startDigest(this.#blob.digest);
    await this.#readAll((chunk) => hash.update(chunk));
    if (this.#stopped) return;

    const digest = finishDigest(hash, algorithmOf(this.#blob.digest));
    if (digest !== this.#blob.digest) throw this.#mismatch(`its bytes are ${digest}`);
  }

  #flow(): void {
    if (this.#paused || this.#resting) return;
    this.#lastByteAt = Date.now();
    this.#response?.resume();
  }

  /** Keeps to the rate that the source may be read at. */
  #rest(milliseconds: number): void {
    this.#resting = true;
    this.#response?.pause();
    setTimeout(() => {
      this.#resting = false;
      this.#flow();
    }, milliseconds);
  }

  async #readAll(consume: (chunk: Buffer) => void): Promise<void> {
    const { timing } = this.#client.host(this.#place.host);
    let fruitless = 0;
    while (this.#received < this.#blob.size || this.#response === undefined) {
      const start = this.#received;
      const startedAt = Date.now();
      try {
        await this.#readFrom(start, consume);
        return;
      } catch (error) {
        this.#signal.throwIfAborted();
        if (this.#stopped) return;
        if (!(error instanceof SourceCut)) throw error;
        const moved = this.#received - start;
        const lasted = Date.now() - startedAt;
        // A long time alone is no progress: a silent source lasts long, too.
        const isSteady = lasted >= PROGRESS_MS && moved >= (LEAST_BYTES_PER_SECOND * lasted) / 1000;
        const progress = moved >= PROGRESS_BYTES || isSteady;
        fruitless = progress ? 0 : fruitless + 1;
        if (!progress) this.#leaveMirrors();
        if (fruitless === FRUITLESS_RESUMES) throw this.#givenUp(error);
        await rest(backoff(fruitless + 1, timing), this.#signal);
      }
    }
  }

  async #readFrom(offset: number, consume: (chunk: Buffer) => void): Promise<void> {
    const response = await this.#open(offset);
    this.#response = response;
    if (this.#stopped) {
      response.destroy();
      return;
    }
    // A server that ignores the range sends everything: what is known already is passed over.
    const skip = response.statusCode === 200 ? offset : 0;
    await this.#pump(response, skip, consume);
  }

  async #open(offset: number): Promise<IncomingMessage> {
    const { digest, size } = this.#blob;
    const response = await send(this.#client.host(this.#place.host), {
      ...blobRequest(this.#place, this.#blob, this.#signal),
      headers: offset === 0 ? {} : rangeFrom(offset, size),
      expect: offset === 0 ? [200, 404] : [200, 206, 404, 416],
    });
    if (response.statusCode === 404) {
      discardBody(response);
      throw new RegistryFault(
        `a manifest names the blob ${digest}, but it is not there: the image is broken at its source`,
        {
          place: this.#place,
          status: 404,
          code: 'source-corrupt',
          decision: 'park',
        },
      );
    }
    if (response.statusCode === 416) {
      response.destroy();
      throw this.#mismatch(`it has nothing after byte ${offset}`);
    }
    if (!beginsAt(response, offset)) {
      response.destroy();
      throw this.#wrongRange(offset, response);
    }
    const announced = announcedSize(response);
    if (announced === undefined || announced === size) return response;
    response.destroy();
    if (isWebPage(response)) throw new SourceCut('it sends a web page instead: is there a captive portal or a proxy?');
    const label = response.headers['content-encoding'];
    const encoding = label === undefined ? '' : ` (Content-Encoding ${label}, though none was accepted)`;
    throw this.#mismatch(`it announces ${announced} bytes${encoding}`);
  }

  #pump(response: IncomingMessage, skip: number, consume: (chunk: Buffer) => void): Promise<void> {
    const { readPace, timing } = this.#client.host(this.#place.host);
    const { idleMs } = timing;
    return new Promise((resolve, reject) => {
      let toSkip = skip;
      this.#lastByteAt = Date.now();
      let checkedAt = Date.now();
      let windowStart = Date.now();
      let windowBytes = 0;
      const watchdog = setInterval(() => {
        const now = Date.now();
        const overslept = now - checkedAt > idleMs / 2;
        checkedAt = now;
        if (overslept || this.#paused || this.#resting) {
          [windowStart, windowBytes] = [now, 0];
          return;
        }
        if (now - this.#lastByteAt >= idleMs) {
          end(new SourceCut(`no byte for ${idleMs / 1000} s`));
        } else if (now - windowStart >= idleMs) {
          const leastBytes = (LEAST_BYTES_PER_SECOND * (now - windowStart)) / 1000;
          if (windowBytes < leastBytes) {
            end(new SourceCut(`${windowBytes} bytes in ${Math.round((now - windowStart) / 1000)} s`));
          }
          [windowStart, windowBytes] = [now, 0];
        }
      }, idleMs / 4);
      const end = (fault?: Error): void => {
        clearInterval(watchdog);
        response.off('data', take);
        if (fault === undefined) {
          resolve();
          return;
        }
        response.destroy();
        reject(fault);
      };
      const keepPace = (bytes: number): void => {
        const restMs = readPace?.take(bytes, performance.now()) ?? 0;
        if (restMs > 0) this.#rest(restMs);
      };
      const take = (chunk: Buffer): void => {
        this.#lastByteAt = Date.now();
        windowBytes += chunk.length;
        this.#handlers.onBytesRead(chunk.length);
        keepPace(chunk.length);
        if (toSkip >= chunk.length) {
          toSkip -= chunk.length;
          return;
        }
        const fresh = toSkip === 0 ? chunk : chunk.subarray(toSkip);
        toSkip = 0;
        this.#received += fresh.length;
        if (this.#received > this.#blob.size) {
          end(this.#mismatch('it sends more bytes than that'));
          return;
        }
        consume(fresh);
        this.#handlers.onChunk(fresh);
      };
      // What was read before, of other blobs too, may not be paid for yet.
      keepPace(0);
      response.on('data', take);
      response.once('end', () => {
        if (this.#received === this.#blob.size) end();
        else end(new SourceCut(`it ended after ${this.#received} bytes`));
      });
      response.once('close', () => end(new SourceCut(`the connection broke after ${this.#received} bytes`)));
      if (this.#paused || this.#resting) response.pause();
    });
  }

  #leaveMirrors(): void {
    this.#client.host(this.#place.host).mirrors.distrust(this.#blob.digest);
  }

  #mismatch(found: string): BlobMismatch {
    this.#leaveMirrors();
    const { digest, size } = this.#blob;
    return new BlobMismatch(`the blob ${digest} should be ${size} bytes with this digest, but ${found}`, {
      place: this.#place,
      code: 'source-corrupt',
      decision: 'park',
    });
  }

  /** Nothing is known of the blob itself: a later read that does not break off needs no range. */
  #wrongRange(offset: number, { headers }: IncomingMessage): BlobMismatch {
    this.#leaveMirrors();
    const { digest, size } = this.#blob;
    const sent = headers['content-range']?.slice(0, 100) ?? 'no range';
    const message = `asked for bytes ${offset}-${size - 1} of the blob ${digest} after a break, it sends ${sent}`;
    return new BlobMismatch(message, { place: this.#place, code: 'protocol', decision: 'retry' });
  }

  #givenUp(cut: SourceCut): RegistryFault {
    const { digest, size } = this.#blob;
    const message = `reading the blob ${digest} (${size} bytes) broke off again and again: ${cut.message}`;
    return new RegistryFault(message, { place: this.#place, code: 'unreachable', decision: 'retry', cause: cut });
  }
}
