import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request: let it through, or break it. */
export interface ProxiedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Forwards it, and returns its answer. */
  pass(): Promise<void>;
  /** Forwards it, and drops the answer: the client sees its connection close. */
  loseAnswer(): Promise<void>;
  /** Forwards it, and closes the connection after this number of bytes of the answer's body. */
  cutAnswer(bytes: number): Promise<void>;
  /** Forwards this number of bytes of the request's body, and closes both connections. */
  cutRequest(bytes: number): Promise<void>;
}

/** A connection to a registry that can break single requests. */
export interface FaultyProxy {
  /** `127.0.0.1:port`, as in image references. */
  readonly host: string;
  /** The requests received, in order: `PUT /v2/…`. */
  readonly seen: readonly string[];
  /** Calls `accident` for each request whose `METHOD path` matches, until it returns false. */
  when(line: RegExp, accident: (passage: ProxiedRequest) => Promise<void> | false): void;
  stop(): Promise<void>;
}

/** @param upstream `http://127.0.0.1:port` of the registry behind it */
export async function startFaultyProxy(upstream: string): Promise<FaultyProxy> {
  const seen: string[] = [];
  const accidents: { line: RegExp; accident: (passage: ProxiedRequest) => Promise<void> | false }[] = [];
  const server = createServer((incoming, outgoing) => {
    const [method, path] = [incoming.method ?? '', incoming.url ?? '/'];
    seen.push(`${method} ${path}`);
    const passage = passageOf(upstream, incoming, outgoing);
    const fitting = accidents.filter(({ line }) => line.test(`${method} ${path}`));
    let work: Promise<void> | false = false;
    for (const { accident } of fitting) work ||= accident(passage);
    (work === false ? passage.pass() : work).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    when: (line, accident) => void accidents.push({ line, accident }),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function passageOf(upstream: string, incoming: IncomingMessage, outgoing: ServerResponse): ProxiedRequest {
  const { method = '', url = '/', headers } = incoming;
  // The Host header is forwarded: the registry builds its Location headers from it, and they must point back to this
  // proxy.
  const open = () => request(new URL(url, upstream), { method, headers, agent: false });
  const answered = async (): Promise<IncomingMessage> => {
    const onward = open();
    incoming.pipe(onward);
    outgoing.once('close', () => onward.destroy());
    const [response] = (await once(onward, 'response')) as [IncomingMessage];
    return response;
  };
  return {
    method,
    path: url,
    async pass() {
      const response = await answered();
      outgoing.writeHead(response.statusCode ?? 502, response.rawHeaders);
      response.pipe(outgoing);
    },
    async loseAnswer() {
      const response = await answered();
      response.resume();
      await once(response, 'end');
      outgoing.destroy();
    },
    async cutAnswer(bytes) {
      const response = await answered();
      outgoing.writeHead(response.statusCode ?? 502, response.rawHeaders);
      let left = bytes;
      for await (const chunk of response as AsyncIterable<Buffer>) {
        const part = chunk.subarray(0, left);
        left -= part.length;
        await new Promise((written) => outgoing.write(part, written));
        if (left === 0) break;
      }
      outgoing.destroy();
    },
    async cutRequest(bytes) {
      const onward = open();
      onward.on('error', () => {});
      let left = bytes;
      for await (const chunk of incoming as AsyncIterable<Buffer>) {
        const part = chunk.subarray(0, left);
        left -= part.length;
        await new Promise((written) => onward.write(part, written));
        if (left === 0) break;
      }
      onward.destroy();
      outgoing.destroy();
    },
  };
}
