import { IncomingMessage } from 'node:http';
import { DripWatch } from '../blobs/drip-watch.js';
import type { Answer, AnswerHead } from './exchange.js';

/** More than this of an unwanted body is not worth reading to keep the connection. */
const DISCARD_LIMIT_BYTES = 256 * 1024;

interface ReadOptions {
  readonly limitBytes: number;
  readonly idleMs: number;
  readonly signal?: AbortSignal;
}

export class BodyTooLarge extends Error {}
class BodyCut extends Error {}

/**
 * Reads a whole body of at most `limitBytes`.
 *
 * @throws BodyTooLarge, after destroying the response, when it is longer
 * @throws BodyCut when it ends early, pauses for longer than `idleMs`, or only drips
 */
export function readBody(response: Answer, options: ReadOptions): Promise<Buffer> {
  return response instanceof IncomingMessage ? readMessage(response, options) : Promise.resolve(Buffer.alloc(0));
}

function readMessage(response: IncomingMessage, { limitBytes, idleMs, signal }: ReadOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const watch = new DripWatch(idleMs, performance.now());
    const watchdog = setInterval(() => {
      const fault = watch.check(performance.now(), false);
      if (fault !== undefined) fail(new BodyCut(fault));
    }, idleMs / 4);
    const abort = (): void => fail(signal?.reason);

    function fail(reason: unknown): void {
      finish();
      response.destroy();
      reject(reason instanceof Error ? reason : new Error('aborted', { cause: reason }));
    }
    function finish(): void {
      clearInterval(watchdog);
      signal?.removeEventListener('abort', abort);
    }
    if (signal?.aborted === true) {
      fail(signal.reason);
      return;
    }
    signal?.addEventListener('abort', abort, { once: true });
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limitBytes) {
        fail(new BodyTooLarge(`more than ${limitBytes} bytes`));
        return;
      }
      watch.took(chunk.length, performance.now());
      chunks.push(chunk);
    });
    response.on('end', () => {
      finish();
      if (response.complete) resolve(Buffer.concat(chunks, bytes));
      else reject(new BodyCut(`cut off after ${bytes} bytes`));
    });
    response.on('close', () => {
      finish();
      reject(new BodyCut(`cut off after ${bytes} bytes`));
    });
  });
}

/** What an answer says of an encoding that nobody asked for, for messages; '' where it says nothing. */
export function encodingLabel({ headers }: AnswerHead): string {
  const label = headers['content-encoding'] ?? 'identity';
  return label === 'identity' ? '' : ` (Content-Encoding ${label.slice(0, 40)}, though none was accepted)`;
}

/** Gets rid of a body nobody wants: read to its end when short, so that the connection can be used again. */
export function discardBody(response: Answer): void {
  if (!(response instanceof IncomingMessage)) return;
  // An answer to HEAD announces what it does not bring.
  if (response.complete) {
    response.resume();
    return;
  }
  // A 416 of distribution 2.8 announces the whole blob and sends less: reading on would wait for ever.
  const announced = Number(response.headers['content-length'] ?? 0);
  if (response.statusCode === 416 || announced > DISCARD_LIMIT_BYTES) {
    response.destroy();
    return;
  }
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > DISCARD_LIMIT_BYTES) response.destroy();
  });
}
