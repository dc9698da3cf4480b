import type { Socket } from 'node:net';

import { TimedOut, asError } from './exchange.js';
import type { ExchangeOptions } from './exchange.js';
import { parseResponseHead } from './response-head.js';
import type { ResponseHead } from './response-head.js';

/** The largest head that node's own client accepts. */
const headLimitBytes = 16 * 1024;
/** The start of every plain answer. */
const statusLineStart = 'HTTP/1.1 ';

/** `closed`: the other side closed it before it answered. `unclear`: its answer is not plain. */
export type HeadOutcome = ResponseHead | 'closed' | 'unclear';

interface Asked {
  answer(found: HeadOutcome): void;
  fail(error: Error): void;
}

export interface HeadConnectionOptions {
  readonly isTls: boolean;
  /** Called once, when the connection is closed. */
  closed(connection: HeadConnection): void;
}

/** One connection that sends HEAD requests, one at a time. */
export class HeadConnection {
  readonly #socket: Socket;
  readonly #options: HeadConnectionOptions;
  #isUp = false;
  #text = '';
  #asked: Asked | undefined;
  /** Sends the request that came before the connection was established. */
  #whenUp: (() => void) | undefined;

  /** @param socket a socket that is still connecting */
  constructor(socket: Socket, options: HeadConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.setNoDelay(true);
    socket.once(options.isTls ? 'secureConnect' : 'connect', this.#onUp);
    socket.on('data', this.#onData);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  /** Whether a request would be sent at once. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Whether neither side has closed it. */
  get isOpen(): boolean {
    return this.#socket.writable && this.#socket.readable;
  }

  /**
   * @param text the request, byte for byte
   * @throws TimedOut, the error of a failed connection, the reason of a signal that aborts meanwhile
   */
  ask(text: string, { network, connectMs, answerMs, signal }: ExchangeOptions): Promise<HeadOutcome> {
    this.#text = '';
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const settle = (): void => {
        this.#asked = undefined;
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      const asked: Asked = {
        answer(found) {
          settle();
          resolve(found);
        },
        fail: (error) => {
          settle();
          this.end();
          reject(error);
        },
      };
      const abort = (): void => asked.fail(asError(signal?.reason));
      const write = (): void => {
        clearTimeout(timer);
        timer = setTimeout(() => asked.fail(new TimedOut(`no answer within ${answerMs / 1000} s`)), answerMs);
        socket.write(text, 'latin1');
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#asked = asked;
      if (this.#isUp) {
        socket.ref();
        write();
        return;
      }
      timer = setTimeout(() => asked.fail(new TimedOut(`no connection within ${connectMs / 1000} s`)), connectMs);
      socket.ref();
      this.#whenUp = () => {
        network.onConnected?.(socket.remoteAddress);
        if (this.#asked === asked) write();
      };
    });
  }

  /** The connection is idle for now and does not keep the process alive. */
  rest(): void {
    this.#socket.unref();
  }

  /** Gives the connection away. */
  detach(): Socket {
    const socket = this.#socket;
    socket.off(this.#options.isTls ? 'secureConnect' : 'connect', this.#onUp);
    socket.off('data', this.#onData);
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    socket.ref();
    return socket;
  }

  /** @param reason rejects a request that waits for its answer; without it the answer is `closed` */
  end(reason?: Error): void {
    if (reason !== undefined) this.#asked?.fail(reason);
    this.#socket.destroy();
  }

  readonly #onUp = (): void => {
    this.#isUp = true;
    this.#whenUp?.();
  };

  readonly #onData = (bytes: Buffer): void => {
    const asked = this.#asked;
    if (asked === undefined) {
      // No request was sent: after this, answers would not match their requests any more.
      this.end();
      return;
    }
    this.#text += bytes.toString('latin1');
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0 && mayBecomePlain(this.#text)) return;
    const isAll = end >= 0 && end + 4 === this.#text.length;
    const head = end < 0 || end > headLimitBytes ? undefined : parseResponseHead(this.#text.slice(0, end));
    if (head === undefined) this.end();
    asked.answer(head === undefined ? 'unclear' : { ...head, keepsConnection: head.keepsConnection && isAll });
  };

  readonly #onError = (error: Error): void => {
    if (!this.#isUp) this.#asked?.fail(error);
  };

  readonly #onClose = (): void => {
    this.#options.closed(this);
    this.#asked?.answer(this.#text === '' ? 'closed' : 'unclear');
  };
}

/** A server with another protocol, or other line ends, may never send the empty line that ends a head. */
function mayBecomePlain(text: string): boolean {
  const isHttp = statusLineStart.startsWith(text.slice(0, statusLineStart.length));
  return isHttp && text.length <= headLimitBytes && !/(?<!\r)\n/.test(text);
}
