import { validateHeaderValue } from 'node:http';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import { bareHostname } from './address-guard.js';
import { TimedOut, asError } from './exchange.js';
import type { AnswerHead, ExchangeOptions, HeadAsker, Network } from './exchange.js';
import { parseResponseHead } from './response-head.js';
import type { ResponseHead } from './response-head.js';

/** The largest head that node's own client takes. */
const HEAD_LIMIT_BYTES = 16 * 1024;
const KEPT_AT_MOST = 16;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** Where a connection goes, and how: options of `net.connect` and `tls.connect`. */
export interface Destination extends Pick<Network, 'lookup' | 'secureContext'> {
  readonly host: string;
  readonly port: number;
  readonly servername: string;
}

/** The agent whose connections these are, too. */
export interface HeadConnectionsOptions {
  readonly isTls: boolean;
  connect(to: Destination): Socket;
  /** Whether a request of its own has left a connection there that nobody uses. */
  hasFree(to: Destination): boolean;
}

/**
 * Asks for heads alone. An answer to HEAD has no body (RFC 9110 §9.3.2): there is one block of lines to read, and a list
 * of a thousand images that are all there is thousands of such answers, each of which costs node's own client four times
 * the processor time. That client stays the judge of all that is not plain: then it asks again.
 *
 * Connections that were opened here go on to the agent's other requests, which mostly follow.
 */
export class HeadConnections implements HeadAsker {
  readonly #options: HeadConnectionsOptions;
  readonly #kept = new Map<string, HeadConnection[]>();

  constructor(options: HeadConnectionsOptions) {
    this.#options = options;
  }

  async ask(url: URL, options: ExchangeOptions): Promise<AnswerHead | undefined> {
    const { isTls, connect, hasFree } = this.#options;
    const text = requestText(url, options);
    const to = destination(url, options.network);
    for (;;) {
      const kept = this.#take(to);
      if (kept === undefined && hasFree(to)) return undefined;
      const connection = kept ?? new HeadConnection(connect(to), { isTls, ended: (ended) => this.#forget(to, ended) });
      const answer = await connection.ask(text, options);
      // Closed by the other side while nobody used it.
      if (answer === 'closed' && kept !== undefined) continue;
      if (typeof answer === 'string') return undefined;
      if (answer.keepsConnection) this.#keep(to, connection);
      else connection.end();
      return answer;
    }
  }

  /** An open connection that nobody uses, for good. */
  give(to: Pick<Destination, 'host' | 'port'>): Socket | undefined {
    return this.#take(to)?.detach();
  }

  close(): void {
    for (const connection of [...this.#kept.values()].flat()) connection.end();
    this.#kept.clear();
  }

  #take(to: Pick<Destination, 'host' | 'port'>): HeadConnection | undefined {
    return this.#kept.get(keyOf(to))?.pop();
  }

  #keep(to: Destination, connection: HeadConnection): void {
    const kept = this.#kept.get(keyOf(to)) ?? [];
    if (kept.length >= KEPT_AT_MOST) {
      connection.end();
      return;
    }
    kept.push(connection);
    this.#kept.set(keyOf(to), kept);
    connection.rest();
  }

  #forget(to: Destination, ended: HeadConnection): void {
    const kept = this.#kept.get(keyOf(to));
    const position = kept?.indexOf(ended) ?? -1;
    if (position >= 0) kept?.splice(position, 1);
  }
}

/** `closed`: by the other side before it said anything. `unclear`: what it said is not plain. */
type Answer = ResponseHead | 'closed' | 'unclear';

interface Asked {
  answer(found: Answer): void;
  fail(error: Error): void;
}

/** One connection, one request at a time. */
class HeadConnection {
  readonly #socket: Socket;
  readonly #isTls: boolean;
  readonly #ended: (connection: HeadConnection) => void;
  #isUp = false;
  #text = '';
  #asked: Asked | undefined;

  constructor(
    socket: Socket,
    { isTls, ended }: { readonly isTls: boolean; readonly ended: (connection: HeadConnection) => void },
  ) {
    this.#socket = socket;
    this.#isTls = isTls;
    this.#ended = ended;
    socket.setNoDelay(true);
    socket.on('data', this.#onData);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  /** @throws TimedOut, the error of a connection that could not be made, the signal's reason when aborted */
  ask(text: string, { network, connectMs, answerMs, signal }: ExchangeOptions): Promise<Answer> {
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
      if (signal?.aborted === true) {
        this.#asked = asked;
        abort();
        return;
      }
      signal?.addEventListener('abort', abort, { once: true });
      this.#asked = asked;
      if (this.#isUp) {
        socket.ref();
        write();
        return;
      }
      timer = setTimeout(() => asked.fail(new TimedOut(`no connection within ${connectMs / 1000} s`)), connectMs);
      socket.once(this.#isTls ? 'secureConnect' : 'connect', () => {
        this.#isUp = true;
        network.onConnected?.(socket.remoteAddress);
        if (this.#asked === asked) write();
      });
    });
  }

  /** Nobody uses it for now; it keeps no process from ending. */
  rest(): void {
    if (this.#socket.destroyed) this.#ended(this);
    else this.#socket.unref();
  }

  /** Gives the connection away. */
  detach(): Socket {
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    socket.ref();
    return socket;
  }

  end(): void {
    this.#socket.destroy();
  }

  readonly #onData = (bytes: Buffer): void => {
    const asked = this.#asked;
    if (asked === undefined) {
      // Nobody asked: whatever it is, answers and questions would not belong together any more.
      this.end();
      return;
    }
    this.#text += bytes.toString('latin1');
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0 && this.#text.length <= HEAD_LIMIT_BYTES) return;
    const isAll = end >= 0 && end + 4 === this.#text.length;
    const head = end < 0 ? undefined : parseResponseHead(this.#text.slice(0, end));
    if (head === undefined) this.end();
    asked.answer(head === undefined ? 'unclear' : { ...head, keepsConnection: head.keepsConnection && isAll });
  };

  readonly #onError = (error: Error): void => {
    if (!this.#isUp) this.#asked?.fail(error);
  };

  readonly #onClose = (): void => {
    this.#ended(this);
    this.#asked?.answer(this.#text === '' ? 'closed' : 'unclear');
  };
}

/** One host is reached with one name and the same trust: its agent is asked for nothing else. */
function keyOf({ host, port }: Pick<Destination, 'host' | 'port'>): string {
  return `${host}:${port}`;
}

function destination(url: URL, { lookup, secureContext }: Network): Destination {
  const host = bareHostname(url.hostname);
  return {
    host,
    port: url.port === '' ? (DEFAULT_PORTS[url.protocol] ?? 0) : Number(url.port),
    // RFC 6066 §3: addresses are no server names.
    servername: isIP(host) === 0 ? host : '',
    ...(lookup === undefined ? {} : { lookup }),
    ...(secureContext === undefined ? {} : { secureContext }),
  };
}

/** @throws TypeError for a value that is none (a token may be anything that a server gave) */
function requestText(url: URL, { headers }: ExchangeOptions): string {
  let text = `HEAD ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: keep-alive\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderValue(name, value);
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}
