import { IncomingMessage } from 'node:http';

import { ThroughputWatchdog } from '../blobs/throughput-watchdog.js';
import type { BodyBudget } from './body-budget.js';
import type { Answer, AnswerHead } from './exchange.js';

/** If more than this is left of an unwanted body, reading it to keep the connection is not worth it. */
const discardLimitBytes = 256 * 1024;

interface ReadOptions {
  readonly limitBytes: number;
  readonly idleMs: number;
  readonly budget: BodyBudget;
  readonly signal?: AbortSignal | undefined;
}

export class BodyTooLarge extends Error {}
class BodyCut extends Error {}

/**
 * Reads a whole body of at most `limitBytes`.
 *
 * @throws BodyTooLarge, after destroying the response, when it is longer
 * @throws BodyCut when it ends early, pauses for longer than `idleMs`, or only drips
 * @throws RegistryError of its budget
 */
export function readBody(response: Answer, options: ReadOptions): Promise<Buffer> {
  return response instanceof IncomingMessage ? readMessage(response, options) : Promise.resolve(Buffer.alloc(0));
}

function readMessage(response: IncomingMessage, { limitBytes, idleMs, budget, signal }: ReadOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const body = new GrowingBody(limitBytes, Number(response.headers['content-length']));
    let isHeld = false;
    const watch = new ThroughputWatchdog(idleMs, performance.now());
    const watchdog = setInterval(() => {
      const fault = watch.check(performance.now(), isHeld);
      if (fault !== undefined) fail(new BodyCut(fault));
    }, idleMs / 4);
    const abort = (): void => fail(signal?.reason);
    let isOver = false;

    function fail(reason: unknown): void {
      finish();
      response.destroy();
      reject(reason instanceof Error ? reason : new Error('aborted', { cause: reason }));
    }
    function finish(): void {
      isOver = true;
      clearInterval(watchdog);
      signal?.removeEventListener('abort', abort);
    }
    if (signal?.aborted === true) {
      fail(signal.reason);
      return;
    }
    signal?.addEventListener('abort', abort, { once: true });
    response.on('data', (chunk: Buffer) => {
      if (isOver) return;
      watch.took(chunk.length, performance.now());
      try {
        hold(budget.took(chunk.length));
        body.add(chunk);
      } catch (error) {
        fail(error);
      }
    });
    response.on('end', () => {
      finish();
      if (response.complete) resolve(body.whole());
      else reject(new BodyCut(`cut off after ${body.length} bytes`));
    });
    response.on('close', () => {
      finish();
      reject(new BodyCut(`cut off after ${body.length} bytes`));
    });

    hold(budget.expects(Math.min(Number(response.headers['content-length'] ?? 0), limitBytes)));

    function hold(turn: Promise<void> | undefined): void {
      if (turn === undefined) return;
      isHeld = true;
      response.pause();
      turn.then(() => {
        isHeld = false;
        watch.flows(performance.now());
        response.resume();
      }, fail);
    }
  });
}

/** One piece of memory for a body, however many small pieces it arrives in. */
class GrowingBody {
  readonly #limitBytes: number;
  readonly #announced: number;
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  /** @param announced NaN if the length is not known */
  constructor(limitBytes: number, announced: number) {
    this.#limitBytes = limitBytes;
    this.#announced = announced;
  }

  get length(): number {
    return this.#length;
  }

  /** @throws BodyTooLarge */
  add(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#limitBytes) throw new BodyTooLarge(`more than ${this.#limitBytes} bytes`);
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(this.#roomFor(length));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    chunk.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  #roomFor(length: number): number {
    const room = Math.min(this.#length === 0 ? length : 2 * length, this.#limitBytes);
    return this.#announced >= length ? Math.min(this.#announced, room) : room;
  }

  whole(): Buffer {
    return this.#length === this.#bytes.length ? this.#bytes : Buffer.from(this.#bytes.subarray(0, this.#length));
  }
}

/** Describes an answer's unrequested content encoding, for messages; '' if the answer has none. */
export function encodingLabel({ headers }: AnswerHead): string {
  const label = headers['content-encoding'] ?? 'identity';
  return label === 'identity' ? '' : ` (Content-Encoding ${label.slice(0, 40)}, though none was accepted)`;
}

/** Discards a body that is not needed: a short one is read to its end, so that the connection can be used again. */
export function discardBody(response: Answer): void {
  if (!(response instanceof IncomingMessage)) return;
  // An answer to HEAD announces a body that it does not have.
  if (response.complete) {
    response.resume();
    return;
  }
  // A 416 of distribution 2.8 announces the whole blob and sends less: reading on would wait forever.
  const announced = Number(response.headers['content-length'] ?? 0);
  if (response.statusCode === 416 || announced > discardLimitBytes) {
    response.destroy();
    return;
  }
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > discardLimitBytes) response.destroy();
  });
}
