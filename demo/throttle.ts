import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const blobPath = /^\/v2\/.+\/blobs\/(sha256:[0-9a-f]{64})$/;

export interface ThrottledRead {
  readonly digest: string;
  /** Bytes of it that went out, over all requests: more than its size when it was read again. */
  readonly bytes: number;
  readonly requests: number;
}

/** A slow road to a registry. */
export interface Throttle {
  /** `127.0.0.1:port`, as in image references. */
  readonly host: string;
  readonly url: string;
  /** What was read of each blob. */
  reads(): readonly ThrottledRead[];
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
  const pace = paceOf(bytesPerSecond);
  const server = createServer((incoming, outgoing) => {
    forward(upstream, incoming, outgoing, { pace, count: countsFor(counts, incoming) }).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `http://${host}`,
    reads: () => [...counts].map(([digest, count]) => ({ digest, ...count })),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Passage {
  readonly pace: (bytes: number) => Promise<void>;
  readonly count: (bytes: number) => void;
}

async function forward(
  upstream: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { pace, count }: Passage,
): Promise<void> {
  const { method, url = '/', headers } = incoming;
  // The Host header stays: the registry makes its Location headers of it, and they must lead back here.
  const onward = request(new URL(url, upstream), { method, headers, agent: false });
  incoming.pipe(onward);
  outgoing.once('close', () => onward.destroy());
  const [response] = (await once(onward, 'response')) as [IncomingMessage];
  outgoing.writeHead(response.statusCode ?? 502, response.rawHeaders);
  for await (const chunk of response as AsyncIterable<Buffer>) {
    await pace(chunk.length);
    count(chunk.length);
    if (!outgoing.write(chunk)) await once(outgoing, 'drain');
  }
  outgoing.end();
}

/** Every chunk takes its turn on the one road: it may go when those before it have had their time. */
function paceOf(bytesPerSecond: number): (bytes: number) => Promise<void> {
  let free = performance.now();
  return async (bytes) => {
    free = Math.max(free, performance.now()) + (bytes / bytesPerSecond) * 1000;
    const wait = free - performance.now();
    // Timers are no finer than a millisecond.
    if (wait >= 2) await sleep(wait);
  };
}

function countsFor(
  counts: Map<string, { bytes: number; requests: number }>,
  { method, url = '' }: IncomingMessage,
): (bytes: number) => void {
  const digest = blobPath.exec(url)?.[1];
  if (digest === undefined || method !== 'GET') return () => {};
  const count = counts.get(digest) ?? { bytes: 0, requests: 0 };
  count.requests += 1;
  counts.set(digest, count);
  return (bytes) => {
    count.bytes += bytes;
  };
}
