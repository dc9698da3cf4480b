import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { paceOf } from './pace.js';

const blobPath = /^\/v2\/.+\/blobs\/(sha256:[0-9a-f]{64})$/;

export interface ThrottledRead {
  readonly digest: string;
  /** Bytes of it that went out, over all requests: more than its size when it was read again. */
  readonly bytes: number;
  readonly requests: number;
}

/** A throttled link to a registry. */
export interface Throttle {
  /** `127.0.0.1:port`, as in image references. */
  readonly host: string;
  readonly url: string;
  /** What was read of each blob. */
  reads(): readonly ThrottledRead[];
  /** Lets no more than `bytes` of an answer with this blob through, until the function given back is called. */
  holdBack(digest: string, bytes: number): () => void;
  stop(): Promise<void>;
}

export interface ThrottleOptions {
  /** `http://127.0.0.1:port` of the registry behind it. */
  readonly upstream: string;
  /** For all connections together. */
  readonly bytesPerSecond: number;
}

/** A proxy before a registry that hands its answers on no faster than `bytesPerSecond`, and counts blob bytes. */
export async function startThrottle({ upstream, bytesPerSecond }: ThrottleOptions): Promise<Throttle> {
  const counts = new Map<string, { bytes: number; requests: number }>();
  const holds = new Map<string, { readonly bytes: number; readonly over: Promise<void> }>();
  const pace = paceOf(bytesPerSecond);
  const server = createServer((incoming, outgoing) => {
    const digest = incoming.method === 'GET' ? blobPath.exec(incoming.url ?? '')?.[1] : undefined;
    const count = digest === undefined ? { bytes: 0, requests: 0 } : (counts.get(digest) ?? { bytes: 0, requests: 0 });
    count.requests += 1;
    if (digest !== undefined) counts.set(digest, count);
    let sent = 0;
    const passage = async (bytes: number): Promise<void> => {
      const hold = holds.get(digest ?? '');
      if (hold !== undefined && sent + bytes > hold.bytes) await hold.over;
      await pace(bytes);
      sent += bytes;
      count.bytes += bytes;
    };
    forward(upstream, incoming, outgoing, passage).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `http://${host}`,
    reads: () => [...counts].map(([digest, count]) => ({ digest, ...count })),
    holdBack: (digest, bytes) => {
      let release = (): void => {};
      const over = new Promise<void>((resolve) => {
        release = resolve;
      });
      holds.set(digest, { bytes, over });
      return () => {
        holds.delete(digest);
        release();
      };
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** @param passage waits until the limit lets this number of bytes pass */
async function forward(
  upstream: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  passage: (bytes: number) => Promise<void>,
): Promise<void> {
  const { method, url = '/', headers } = incoming;
  // The Host header stays: the registry makes its Location headers of it, and they must lead back here.
  const onward = request(new URL(url, upstream), { method, headers, agent: false });
  incoming.pipe(onward);
  outgoing.once('close', () => onward.destroy());
  const [response] = (await once(onward, 'response')) as [IncomingMessage];
  outgoing.writeHead(response.statusCode ?? 502, response.rawHeaders);
  for await (const chunk of response as AsyncIterable<Buffer>) {
    await passage(chunk.length);
    if (!outgoing.write(chunk)) await once(outgoing, 'drain');
  }
  outgoing.end();
}
