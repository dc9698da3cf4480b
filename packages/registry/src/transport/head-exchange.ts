import { validateHeaderValue } from 'node:http';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';

import { bareHostname } from './address-guard.js';
import { asError } from './exchange.js';
import type { AnswerHead, ExchangeOptions, HeadAsker, Network } from './exchange.js';
import { HeadConnection } from './head-connection.js';

/** Where a connection goes, and how: options of `net.connect` and `tls.connect`. */
export interface HeadDestination extends Pick<Network, 'lookup' | 'secureContext'> {
  readonly host: string;
  readonly port: number;
  readonly servername: string;
}

/** The agent that also owns these connections. */
export interface HeadConnectionsOptions {
  readonly isTls: boolean;
  /** How many idle connections are kept for each destination. */
  readonly keptAtMost: number;
  connect(to: HeadDestination): Socket;
  /** The number of idle connections that ordinary requests have left there. */
  free(to: HeadDestination): number;
}

/**
 * Sends HEAD requests only. An answer to HEAD has no body (RFC 9110 §9.3.2), so there is one block of lines to read. A
 * list of a thousand images that are all there takes thousands of such answers, and each costs node's own client four
 * times the processor time. If an answer is not plain, node's client decides: it sends the request again.
 *
 * Connections that were opened here are passed to the agent's other requests, which mostly follow.
 */
export class HeadConnections implements HeadAsker {
  readonly #options: HeadConnectionsOptions;
  readonly #open = new Set<HeadConnection>();
  /** The open connections that are idle. */
  readonly #kept = new Map<string, HeadConnection[]>();

  constructor(options: HeadConnectionsOptions) {
    this.#options = options;
  }

  /** @throws TimedOut, node's error if no connection could be made, the signal's reason when aborted */
  async ask(url: URL, options: ExchangeOptions): Promise<AnswerHead | undefined> {
    // Node's client turns these into an authorization.
    if (url.username !== '' || url.password !== '') return undefined;
    const text = requestText(url, options);
    const to = this.#destination(url, options.network);
    for (;;) {
      if (options.signal?.aborted === true) throw asError(options.signal.reason);
      const kept = this.#take(to);
      if (kept === undefined && this.#options.free(to) > 0) return undefined;
      const connection = kept ?? this.#connect(to);
      const answer = await connection.ask(text, options);
      // The other side closed it while it was idle.
      if (answer === 'closed' && kept !== undefined) continue;
      if (typeof answer === 'string') return undefined;
      if (answer.keepsConnection) this.#keep(to, connection);
      else connection.end();
      return answer;
    }
  }

  /**
   * Opens connections for requests that will come soon, until this many are idle. One that cannot be established is
   * forgotten: the request that would have used it reports the fault.
   */
  open(url: URL, network: Network, count: number): void {
    const to = this.#destination(url, network);
    const idle = (this.#kept.get(keyOf(to)) ?? []).filter(({ isOpen }) => isOpen).length + this.#options.free(to);
    for (let more = Math.min(count, this.#options.keptAtMost) - idle; more > 0; more--) {
      this.#keep(to, this.#connect(to, network.onConnected));
    }
  }

  /** Hands over an open idle connection for good. */
  give(to: Pick<HeadDestination, 'host' | 'port'>): Socket | undefined {
    const connection = this.#take(to);
    if (connection === undefined) return undefined;
    this.#open.delete(connection);
    return connection.detach();
  }

  /** Ends those in use, too. */
  close(): void {
    for (const connection of this.#open) connection.end(new Error('the client was closed before the answer came'));
    this.#kept.clear();
  }

  #connect(to: HeadDestination, onConnected?: Network['onConnected']): HeadConnection {
    const { isTls, connect } = this.#options;
    const socket = connect(to);
    if (onConnected !== undefined) {
      socket.once(isTls ? 'secureConnect' : 'connect', () => onConnected(socket.remoteAddress));
    }
    const made = new HeadConnection(socket, { isTls, closed: (connection) => this.#forget(to, connection) });
    this.#open.add(made);
    return made;
  }

  #take(to: Pick<HeadDestination, 'host' | 'port'>): HeadConnection | undefined {
    const kept = this.#kept.get(keyOf(to)) ?? [];
    const open = kept.filter(({ isOpen }) => isOpen);
    const taken = open.findLast(({ isUp }) => isUp) ?? open.pop();
    if (taken !== undefined) kept.splice(kept.indexOf(taken), 1);
    return taken;
  }

  #keep(to: HeadDestination, connection: HeadConnection): void {
    const kept = this.#kept.get(keyOf(to)) ?? [];
    if (!connection.isOpen || kept.length >= this.#options.keptAtMost) {
      connection.end();
      return;
    }
    kept.push(connection);
    this.#kept.set(keyOf(to), kept);
    connection.rest();
  }

  #forget(to: HeadDestination, closed: HeadConnection): void {
    this.#open.delete(closed);
    const kept = this.#kept.get(keyOf(to));
    const position = kept?.indexOf(closed) ?? -1;
    if (position >= 0) kept?.splice(position, 1);
  }

  #destination(url: URL, { lookup, secureContext }: Network): HeadDestination {
    const host = bareHostname(url.hostname);
    return {
      host,
      port: Number(url.port) || (this.#options.isTls ? 443 : 80),
      // RFC 6066 §3: addresses are no server names.
      servername: isIP(host) === 0 ? host : '',
      ...(lookup === undefined ? {} : { lookup }),
      ...(secureContext === undefined ? {} : { secureContext }),
    };
  }
}

/** One host is reached with one name and the same trust: its agent serves no other. */
function keyOf({ host, port }: Pick<HeadDestination, 'host' | 'port'>): string {
  return `${host}:${port}`;
}

/** @throws TypeError for an invalid header value (a token may be anything that a server gave) */
function requestText(url: URL, { headers }: ExchangeOptions): string {
  let text = `HEAD ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: keep-alive\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderValue(name, value);
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}
