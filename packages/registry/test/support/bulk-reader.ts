import { once } from 'node:events';
import { createServer, get as getPlain } from 'node:http';
import type { Agent, IncomingMessage, RequestListener } from 'node:http';
import { createServer as createTlsServer, get as getTls } from 'node:https';
import type { AddressInfo } from 'node:net';

import { onTestFinished } from 'vitest';

import { selfSignedCertificate } from '../../../../demo/self-signed-certificate.js';
import { PooledPlainAgent, PooledTlsAgent } from '../../src/transport/pooled-agent.js';

/** Sends a request to the test's server through an agent that keeps its connections and reads them in large pieces. */
export type Get = (path: string) => Promise<IncomingMessage>;

export async function startPlain(listener: RequestListener): Promise<Get> {
  const server = createServer(listener);
  const agent = new PooledPlainAgent({ keepAlive: true });
  const port = await listening(server, agent);
  return async (path) => answerTo(getPlain({ host: '127.0.0.1', port, path, agent }));
}

export async function startTls(listener: RequestListener): Promise<Get> {
  const { cert, key } = selfSignedCertificate();
  const server = createTlsServer({ cert, key }, listener);
  const agent = new PooledTlsAgent({ keepAlive: true, ca: cert });
  const port = await listening(server, agent);
  return async (path) => answerTo(getTls({ host: '127.0.0.1', port, path, agent }));
}

async function listening(server: ReturnType<typeof createServer>, agent: Agent): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function answerTo(request: ReturnType<typeof getPlain>): Promise<IncomingMessage> {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}
