import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';

import { describe, expect, onTestFinished, test } from 'vitest';

import { selfSignedCertificate } from '../../../demo/self-signed-certificate.js';
import { exchange } from '../src/transport/exchange.js';
import type { Answer, ExchangeOptions, Method, Network } from '../src/transport/exchange.js';
import { HeadConnections } from '../src/transport/head-exchange.js';
import { PooledPlainAgent, PooledTlsAgent } from '../src/transport/pooled-agent.js';
import { discardBody, readBody } from '../src/transport/response-body.js';

const there = 'HTTP/1.1 200 OK\r\nContent-Length: 527\r\nDocker-Content-Digest: sha256:1\r\n\r\n';

interface Asked {
  readonly method: string;
  /** The connection of the request, counted from 0. */
  readonly connection: number;
  readonly lines: readonly string[];
}

interface Server {
  readonly asked: Asked[];
  readonly sockets: Socket[];
  readonly network: Network;
  readonly port: number;
  ask(method: Method, options?: Partial<ExchangeOptions>): Promise<Answer>;
  /** Waits until a connection is closed on both sides. */
  closed(connection: number): Promise<void>;
}

/** Long enough for a busy machine, in tests that are not about the timeout itself. */
const patient = { connectMs: 20_000, answerMs: 20_000 };

type Script = (asked: Asked, socket: Socket) => unknown;

const { cert, key } = selfSignedCertificate();

/** A server that answers each request as the script says, byte for byte. */
async function start(secure: boolean, script: Script): Promise<Server> {
  const asked: Asked[] = [];
  const sockets: Socket[] = [];
  const serve = (socket: Socket): void => {
    const connection = sockets.push(socket) - 1;
    let unread = '';
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      unread += bytes.toString('latin1');
      for (let end = unread.indexOf('\r\n\r\n'); end >= 0; end = unread.indexOf('\r\n\r\n')) {
        const lines = unread.slice(0, end).split('\r\n');
        unread = unread.slice(end + 4);
        const one = { method: lines[0]?.split(' ')[0] ?? '', connection, lines };
        asked.push(one);
        void script(one, socket);
      }
    });
  };
  const server = secure ? createTlsServer({ cert, key }, serve) : createServer(serve);
  const agent = secure ? new PooledTlsAgent({ keepAlive: true, ca: cert }) : new PooledPlainAgent({ keepAlive: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    agent.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const url = new URL(`${secure ? 'https' : 'http'}://127.0.0.1:${port}/v2/a/manifests/1?b=c`);
  const network = { agent, heads: agent.heads };
  return {
    asked,
    sockets,
    network,
    port,
    ask: async (method, options = {}) => exchange(url, { method, headers: {}, network, ...patient, ...options }),
    async closed(connection) {
      const socket = sockets[connection];
      if (socket?.closed === false) await once(socket, 'close');
    },
  };
}

/** The address of the server, and a network that trusts it no more than Node.js does. */
async function strangerAt(server: NetServer): Promise<{ readonly url: URL; readonly network: Network }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new PooledTlsAgent({ keepAlive: true });
  onTestFinished(() => {
    agent.destroy();
    server.close();
  });
  const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/v2/`);
  return { url, network: { agent, heads: agent.heads } };
}

async function bodyOf(answer: Answer): Promise<string> {
  const budget = { expects: () => undefined, took: () => undefined };
  return String(await readBody(answer, { limitBytes: 100, idleMs: 1000, budget }));
}

/** The agent gets the connection back a few event loop turns after the end of an answer. */
async function untilFree({ agent }: Network): Promise<void> {
  while (Object.keys(agent.freeSockets).length === 0) await turn();
}

function summary({ statusCode, headers }: Answer): unknown {
  return [statusCode, headers['content-length'], headers['docker-content-digest']];
}

describe.each([
  ['plain', false],
  ['TLS', true],
])('a HEAD over a %s connection', (_, secure) => {
  test('a HEAD is sent as valid HTTP, and its answer is a head without a body', async () => {
    const server = await start(secure, (_asked, socket) => socket.write(there));

    const answer = await server.ask('HEAD', { headers: { accept: 'a/b', authorization: 'Basic eA==' } });
    const body = await bodyOf(answer);

    expect(summary(answer)).toEqual([200, '527', 'sha256:1']);
    expect(body).toBe('');
    expect(server.asked[0]?.lines).toEqual([
      'HEAD /v2/a/manifests/1?b=c HTTP/1.1',
      expect.stringMatching(/^host: 127\.0\.0\.1:\d+$/),
      'connection: keep-alive',
      'accept: a/b',
      'authorization: Basic eA==',
    ]);
  });

  test('a HEAD reuses a connection, and the next request reuses it again', async () => {
    const server = await start(secure, ({ method }, socket) =>
      socket.write(method === 'HEAD' ? there : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    );

    await server.ask('HEAD');
    await server.ask('HEAD');
    const body = await bodyOf(await server.ask('GET'));
    await untilFree(server.network);
    const last = await server.ask('HEAD');

    expect(body).toBe('ok');
    expect(summary(last)).toEqual([200, '527', 'sha256:1']);
    expect(server.asked.map(({ method }) => method)).toEqual(['HEAD', 'HEAD', 'GET', 'HEAD']);
    expect(server.sockets.length).toBe(1);
  });

  test('a request that wants a fresh connection gets neither that of a HEAD nor that of another request, and leaves none', async () => {
    const server = await start(secure, ({ method }, socket) =>
      socket.write(method === 'HEAD' ? there : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    );

    await server.ask('HEAD');
    await bodyOf(await server.ask('GET', { fresh: true }));
    await bodyOf(await server.ask('GET', { fresh: true }));
    await bodyOf(await server.ask('GET'));

    expect(server.asked.map(({ connection }) => connection)).toEqual([0, 1, 2, 0]);
  });

  test('the head of an answer is parsed if it arrives in pieces', async () => {
    const server = await start(secure, async (_asked, socket) => {
      for (const piece of [there.slice(0, 9), there.slice(9, -3), there.slice(-3)]) {
        socket.write(piece);
        await sleep(10);
      }
    });

    expect(summary(await server.ask('HEAD'))).toEqual([200, '527', 'sha256:1']);
    expect(server.asked.length).toBe(1);
  });

  test('concurrent HEADs use a connection each, and those are reused', async () => {
    const server = await start(secure, (_asked, socket) => setTimeout(() => socket.write(there), 20));
    const three = async (): Promise<unknown> => Promise.all([1, 2, 3].map(async () => server.ask('HEAD')));

    await three();
    await three();

    expect(server.sockets.length).toBe(3);
    expect(server.asked.length).toBe(6);
  });

  test('a HEAD uses another connection if the kept one is closed meanwhile', async () => {
    const server = await start(secure, ({ connection }, socket) => {
      const isSecond = connection === 0 && server.asked.length === 2;
      if (isSecond) socket.destroy();
      else socket.write(there);
    });

    await server.ask('HEAD');
    const unanswered = await server.ask('HEAD');
    server.sockets[1]?.end();
    await server.closed(1);
    const afterEnd = await server.ask('HEAD');

    expect(summary(unanswered)).toEqual([200, '527', 'sha256:1']);
    expect(summary(afterEnd)).toEqual([200, '527', 'sha256:1']);
    expect(server.asked.map(({ connection }) => connection)).toEqual([0, 0, 1, 2]);
  });

  test.each([
    ['says that it will be closed', there.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')],
    ['brings a body against all rules', `${there}{}`],
  ])('a HEAD does not reuse a connection that %s', async (_why, said) => {
    const server = await start(secure, (_asked, socket) => socket.write(said));

    expect(summary(await server.ask('HEAD'))).toEqual([200, '527', 'sha256:1']);
    expect(summary(await server.ask('HEAD'))).toEqual([200, '527', 'sha256:1']);
    expect(server.asked.map(({ connection }) => connection)).toEqual([0, 1]);
  });

  test('a HEAD does not reuse a connection that sends data without a request', async () => {
    const server = await start(secure, (_asked, socket) => socket.write(there));

    await server.ask('HEAD');
    server.sockets[0]?.write(there.replace('sha256:1', 'sha256:2'));
    await server.closed(0);

    expect(summary(await server.ask('HEAD'))).toEqual([200, '527', 'sha256:1']);
    expect(server.asked.map(({ connection }) => connection)).toEqual([0, 1]);
  });

  test.each([
    ['an older version', there.replace('HTTP/1.1', 'HTTP/1.0')],
    ['an early hint', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${there}`],
  ])("a HEAD falls back to Node's client if the answer has %s", async (_why, said) => {
    const server = await start(secure, (_asked, socket) => socket.write(said));

    expect(summary(await server.ask('HEAD'))).toEqual([200, '527', 'sha256:1']);
    expect(server.asked.length).toBe(2);
  });

  test.each([
    ['no HTTP', (_asked: Asked, socket: Socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n\r\n'), /Parse Error/],
    ['a line of something else', (_asked: Asked, socket: Socket) => socket.write('220 mail ESMTP\r\n'), /Parse Error/],
    [
      'lines that end otherwise',
      (_asked: Asked, socket: Socket) => socket.write(there.replaceAll('\r', '')),
      /Parse Error/,
    ],
    ['half a head', (_asked: Asked, socket: Socket) => socket.end(there.slice(0, 30)), /hang up|aborted|reset|EOF/],
    ['nothing before it closes', (_asked: Asked, socket: Socket) => socket.end(), /hang up/],
    [
      'a head without end',
      (_asked: Asked, socket: Socket) => socket.write(there.replace('\r\n\r\n', `\r\nX: ${'x'.repeat(20_000)}`)),
      /Header overflow/,
    ],
  ])('a HEAD fails if the server sends %s', async (_what, script, reason) => {
    const server = await start(secure, script);

    await expect(server.ask('HEAD')).rejects.toThrow(reason);
  });

  test('a HEAD waits for an answer until its timeout, and no longer', async () => {
    const server = await start(secure, () => {});

    await expect(server.ask('HEAD', { answerMs: 100 })).rejects.toThrow('no answer within 0.1 s');
    await server.closed(0);
  });

  test('a HEAD ends when it is aborted, before and after it was sent', async () => {
    const later = new AbortController();
    const server = await start(secure, () => later.abort(new Error('not wanted any more')));

    await expect(server.ask('HEAD', { signal: AbortSignal.abort(new Error('not wanted')) })).rejects.toThrow(
      'not wanted',
    );
    await expect(server.ask('HEAD', { signal: later.signal })).rejects.toThrow('not wanted any more');
    await Promise.all(server.sockets.map(async (_socket, connection) => server.closed(connection)));
  });

  test('a HEAD ends when its client is closed', async () => {
    const server = await start(secure, () => server.network.agent.destroy());

    await expect(server.ask('HEAD')).rejects.toThrow('the client was closed');
    await server.closed(0);
  });

  test('a HEAD refuses a header value that contains a line break', async () => {
    const server = await start(secure, (_asked, socket) => socket.write(there));

    await expect(server.ask('HEAD', { headers: { authorization: 'Bearer x\r\nhost: evil' } })).rejects.toThrow(
      /Invalid character in header content/,
    );
    expect(server.asked).toEqual([]);
  });
});

test.each(['HEAD', 'GET'] as const)(
  'a %s times out if the server does not answer the TLS handshake',
  async (method) => {
    const server = createServer(() => {});
    const { url, network } = await strangerAt(server);

    const asking = exchange(url, { method, headers: {}, network, ...patient, connectMs: 200 });

    await expect(asking).rejects.toThrow('no connection within 0.2 s');
  },
);

test.each([
  ['plain', false],
  ['TLS', true],
])('the address of a %s connection is reported once, when it is established', async (_, secure) => {
  const server = await start(secure, ({ method }, socket) =>
    socket.write(method === 'HEAD' ? there : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  );
  const told: unknown[] = [];
  const network = { ...server.network, onConnected: (address?: string) => void told.push(address) };

  await bodyOf(await server.ask('GET', { network }));
  await untilFree(network);
  await server.ask('HEAD', { network });
  network.agent.destroy();
  await server.ask('HEAD', { network });
  await bodyOf(await server.ask('GET', { network }));

  expect(told).toEqual(['127.0.0.1', '127.0.0.1']);
  expect(server.asked.map(({ connection }) => connection)).toEqual([0, 0, 1, 1]);
});

test("Node's client keeps the connection of a HEAD that announces a large blob", async () => {
  const blob = there.replace('527', '500000000');
  const server = await start(false, (_asked, socket) => socket.write(blob));
  const { heads: _, ...network } = server.network;

  for (let n = 0; n < 3; n++) {
    discardBody(await server.ask('HEAD', { network }));
    await untilFree(network);
  }

  expect(server.asked.map(({ connection }) => connection)).toEqual([0, 0, 0]);
});

test.each([
  ['destroyed', (socket: Socket) => socket.destroy()],
  ['ended', (socket: Socket) => socket.end()],
])('a kept connection that was %s is not used again before it is removed', async (_what, stop) => {
  const server = await start(false, (_asked, socket) => socket.write(there));
  const opened: Socket[] = [];
  const heads = new HeadConnections({
    isTls: false,
    keptAtMost: 1,
    connect(to) {
      const socket = connect(to);
      opened.push(socket);
      return socket;
    },
    free: () => 0,
  });
  onTestFinished(() => heads.close());
  const network = { ...server.network, heads };
  const to = { host: '127.0.0.1', port: server.port };

  await server.ask('HEAD', { network });
  for (const socket of opened) stop(socket);

  expect(heads.give(to)).toBeUndefined();
  await server.ask('HEAD', { network });
  expect(heads.give(to)).toBe(opened[1]);
  opened[1]?.destroy();
});

test("a HEAD to a URL with a user falls back to Node's client, which sends it as authorization", async () => {
  const server = await start(false, (_asked, socket) => socket.write(there));
  const url = new URL(`http://user:secret@127.0.0.1:${server.port}/`);

  await exchange(url, { method: 'HEAD', headers: {}, network: server.network, ...patient });

  expect(server.asked[0]?.lines).toContain('Authorization: Basic dXNlcjpzZWNyZXQ=');
});

test('a TLS connection resumes the session of the previous one', async () => {
  const reused: boolean[] = [];
  const server = await start(true, ({ method }, socket) => {
    reused.push((socket as TLSSocket).isSessionReused());
    socket.end(method === 'HEAD' ? there : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });

  for (const [connection, method] of (['HEAD', 'HEAD', 'GET'] as const).entries()) {
    await bodyOf(await server.ask(method));
    await server.closed(connection);
  }

  expect(reused).toEqual([false, true, true]);
});

test('a server with an untrusted certificate receives no request', async () => {
  const asked: string[] = [];
  const server = createTlsServer({ cert, key }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => asked.push(bytes.toString()));
  });
  const { url, network } = await strangerAt(server);
  const options = { network, ...patient };

  const head = exchange(url, { method: 'HEAD', headers: { authorization: 'Basic c2VjcmV0' }, ...options });

  await expect(head).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  expect(asked).toEqual([]);
});
