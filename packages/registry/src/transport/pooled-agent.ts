import { Agent as PlainAgent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import type { Socket } from 'node:net';

import { BodyTap } from './body-tap.js';
import { freshNameOf } from './exchange.js';
import { HeadConnections } from './head-exchange.js';
import type { HeadDestination } from './head-exchange.js';

/** TLS returns its records one by one, 16 KiB each: up to this number of bytes is passed on together. */
const gatheredBytes = 256 * 1024;

/** The same as the agents' own (`keepAliveMsecs`). */
const keepAliveOptions = { keepAlive: true, keepAliveInitialDelay: 15_000 };

type Connect = PlainAgent['createConnection'];
type ConnectTls = TlsAgent['createConnection'];

const intakes = new WeakMap<Socket, BodyTap>();

/** Absent: the connection was made by another agent. */
export function bodyTapOf(socket: Socket): BodyTap | undefined {
  return intakes.get(socket);
}

/** Keeps connections like node's agent, reads them in larger pieces, and sends HEAD requests at less cost. */
export class PooledPlainAgent extends PlainAgent {
  readonly heads = new HeadConnections({
    isTls: false,
    keptAtMost: this.maxFreeSockets,
    connect: (to) => this.#connect({ ...keepAliveOptions, ...to }) as Socket,
    free: (to) => freeConnections(this, to),
  });

  override createConnection(...[options, callback]: Parameters<Connect>): ReturnType<Connect> {
    return kept(this.heads, options) ?? this.#connect(options, callback);
  }

  override getName(options?: Parameters<PlainAgent['getName']>[0]): string {
    return named(super.getName(options), options);
  }

  override destroy(): void {
    this.heads.close();
    super.destroy();
  }

  #connect(...[options, callback]: Parameters<Connect>): ReturnType<Connect> {
    const intake = new BodyTap(0);
    const socket = super.createConnection({ ...options, onread: intake.onread } as typeof options, callback);
    return joined(socket, intake);
  }
}

/** The same over TLS. */
export class PooledTlsAgent extends TlsAgent {
  readonly heads = new HeadConnections({
    isTls: true,
    keptAtMost: this.maxFreeSockets,
    connect: (to) => {
      const options = { ...this.options, ...keepAliveOptions, ...to };
      // The name under which node keeps the session, for a shorter handshake next time.
      const named = { ...options, _agentKey: this.getName(options) };
      return this.#connect(named) as Socket;
    },
    free: (to) => freeConnections(this, to),
  });

  override createConnection(...[options, callback]: Parameters<ConnectTls>): ReturnType<ConnectTls> {
    return kept(this.heads, options) ?? this.#connect(options, callback);
  }

  override getName(options?: Parameters<TlsAgent['getName']>[0]): string {
    return named(super.getName(options), options);
  }

  override destroy(): void {
    this.heads.close();
    super.destroy();
  }

  #connect(...[options, callback]: Parameters<ConnectTls>): ReturnType<ConnectTls> {
    const intake = new BodyTap(gatheredBytes);
    const socket = super.createConnection({ ...options, onread: intake.onread } as typeof options, callback);
    return joined(socket, intake);
  }
}

/** A connection that is open already, unless the request wants one that nothing else has used. */
function kept(heads: HeadConnections, options: object): Socket | undefined {
  return freshNameOf(options) === undefined ? heads.give(options as HeadDestination) : undefined;
}

/** A connection for one request has a name that no other request has. */
export function named(name: string, options: object | undefined): string {
  const fresh = freshNameOf(options);
  return fresh === undefined ? name : `${name}:fresh ${fresh}`;
}

/** Names of free connections begin with their destination (node:http, `agent.getName`). */
function freeConnections({ freeSockets }: PlainAgent, { host, port }: HeadDestination): number {
  let free = 0;
  for (const name in freeSockets) if (name.startsWith(`${host}:${port}:`)) free += freeSockets[name]?.length ?? 0;
  return free;
}

function joined<T>(socket: T, intake: BodyTap): T {
  intake.socket = socket as Socket;
  intakes.set(socket as Socket, intake);
  // Passes on what the connection has brought before any listener learns that it is over.
  for (const event of ['end', 'error']) intake.socket.prependListener(event, () => intake.flush());
  intake.socket.prependListener('close', () => intake.close());
  return socket;
}
