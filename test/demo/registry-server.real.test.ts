import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';

import { afterEach, describe, expect, test } from 'vitest';

import { registryRequest } from '../../demo/registry-request.js';
import { startRegistry } from '../support/registry-server.js';
import type { RegistryOptions, RegistryServer } from '../support/registry-server.js';

const running: RegistryServer[] = [];

async function start(options: RegistryOptions): Promise<RegistryServer> {
  const registry = await startRegistry(options);
  running.push(registry);
  return registry;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((registry) => registry.stop()));
});

describe.each(['distribution', 'docker-registry'] as const)('a %s for tests', (kind) => {
  test('the log of a test registry records each request and its account, without the requests of the test tools', async () => {
    const registry = await start({ kind, htpasswd: { user: 'captain', password: 'rope' } });

    await registryRequest(registry, { method: 'GET', path: '/v2/_catalog', expected: [200] });
    const refused = await fetch(`${registry.url}/v2/nothing/here/manifests/latest`);

    expect(refused.status).toBe(401);
    expect(await registry.requests()).toMatchObject([
      { method: 'GET', path: '/v2/nothing/here/manifests/latest', status: 401 },
    ]);
  });

  test('the certificate of a test registry with TLS is valid for 127.0.0.1 if it is trusted, and only then', async () => {
    const registry = await start({ kind, tls: true });

    const trusting = request(`${registry.url}/v2/`, { ca: registry.ca, agent: false }).end();
    const [response] = (await once(trusting, 'response')) as [IncomingMessage];
    response.resume();

    expect(response.statusCode).toBe(200);
    await expect(fetch(`${registry.url}/v2/`)).rejects.toThrow('fetch failed');
  });

  test('a test registry that is started again has its old address', async () => {
    const first = await start({ kind, env: { REGISTRY_LOG_LEVEL: 'debug' } });

    await first.stop();

    expect(existsSync(first.logPath)).toBe(false);
    const second = await startRegistry({ kind, port: first.port });
    running.push(second);
    expect(second.host).toBe(first.host);
  });
});
