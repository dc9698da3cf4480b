import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

import { paceOf } from '../demo/pace.js';

/** A slow link to a registry. Each direction has a bandwidth limit, which all connections share. */
export interface SlowLink {
  /** `127.0.0.1:port`, in place of the registry's own host. */
  readonly host: string;
  stop(): void;
}

/** Forwards TCP unchanged. Plain HTTP keeps the Host header, so the registry's Location headers point to the link. */
export async function startSlowLink(to: { readonly port: number }, megabitsPerSecond: number): Promise<SlowLink> {
  const bytesPerSecond = (megabitsPerSecond * 1_000_000) / 8;
  const [there, back] = [paceOf(bytesPerSecond), paceOf(bytesPerSecond)];
  const sockets = new Set<Socket>();
  // Each direction ends when its own last byte has gone, and not with the other.
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host: '127.0.0.1', port: to.port, allowHalfOpen: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.once('close', () => sockets.delete(socket));
    }
    void carry(near, far, there);
    void carry(far, near, back);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function carry(from: Socket, to: Socket, pace: (bytes: number) => Promise<void>): Promise<void> {
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      await pace(chunk.length);
      if (to.destroyed) throw new Error('the other side is gone');
      if (!to.write(chunk)) await once(to, 'drain');
    }
    to.end();
  } catch {
    from.destroy();
    to.destroy();
  }
}
