import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

import type { LineOptions } from '../../../demo/line/line.js';
import { startLine } from '../../../demo/line/start-line.js';

/** One end of a connection, which keeps what it gets. */
export interface Peer {
  readonly socket: Socket;
  received(): Buffer;
  /** Resolves when this number of bytes is there. */
  has(bytes: number): Promise<void>;
  /** Resolves with `ECONNRESET` or the like, or with `end`. */
  readonly ending: Promise<string>;
}

/** A line with a server behind it that says nothing on its own. */
export async function startStage(options: Omit<LineOptions, 'to'> = {}) {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const line = await startLine({ to: { port: (server.address() as AddressInfo).port }, ...options });
  const sockets = new Set<Socket>();
  return {
    line,
    /** Opens a connection over the line. */
    async open(): Promise<{ readonly client: Peer; readonly server: Peer }> {
      const accepted = once(server, 'connection') as Promise<[Socket]>;
      const client = peerOf(connect({ port: line.port, host: '127.0.0.1', allowHalfOpen: true }));
      const [socket] = await accepted;
      const peer = { client, server: peerOf(socket) };
      for (const one of [client.socket, socket]) sockets.add(one);
      return peer;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await line.close();
      server.close();
    },
  };
}

export function peerOf(socket: Socket): Peer {
  const chunks: Buffer[] = [];
  let size = 0;
  const waiting = new Set<() => void>();
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    for (const check of waiting) check();
  });
  const ending = new Promise<string>((resolve) => {
    socket.once('end', () => resolve('end'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  return {
    socket,
    received: () => Buffer.concat(chunks),
    ending,
    has: (bytes) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (size < bytes) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
  };
}
