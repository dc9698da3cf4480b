import { afterEach, describe, expect, test } from 'vitest';

import { serveObservation } from '../../../src/observability/health/observation-server.js';
import type { ObservationRoutes, ObservationServer } from '../../../src/observability/health/observation-server.js';
import { checkReadiness } from '../../../src/observability/health/readiness.js';

const servers: ObservationServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(routes: Partial<ObservationRoutes> = {}, port = 0): Promise<ObservationServer> {
  const server = await serveObservation(
    { host: '127.0.0.1', port, variable: 'FERRY_METRICS_LISTEN' },
    {
      metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'ferry_up 1\n' }),
      readiness: async () =>
        await checkReadiness([{ name: 'temporal', otherwise: 'is away', check: async () => {} }], () => undefined),
      report: () => {},
      ...routes,
    },
  );
  servers.push(server);
  return server;
}

describe('the address for monitoring', () => {
  test('serves metrics, health and readiness, and nothing else', async () => {
    const { address } = await start();
    const ask = async (path: string, method = 'GET') => {
      const response = await fetch(`http://${address}${path}`, { method });
      return { status: response.status, text: await response.text() };
    };

    expect(await ask('/metrics')).toEqual({ status: 200, text: 'ferry_up 1\n' });
    expect(await ask('/metrics?x=1')).toMatchObject({ status: 200 });
    expect(await ask('/metrics', 'HEAD')).toEqual({ status: 200, text: '' });
    expect(await ask('/healthz')).toEqual({ status: 200, text: '{"status":"ok"}' });
    expect(await ask('/readyz')).toEqual({ status: 200, text: '{"status":"ok","temporal":"ok"}' });
    expect(await ask('/')).toMatchObject({ status: 404 });
    expect(await ask('/metrics/..')).toMatchObject({ status: 404 });
    expect(await ask('/metrics', 'POST')).toMatchObject({ status: 405 });
  });

  test('says what is missing while the process is not ready, leaves the reasons to the log, and stays healthy', async () => {
    const reported: string[] = [];
    const { address } = await start({
      readiness: async () =>
        await checkReadiness(
          [
            { name: 'temporal', otherwise: 'Temporal is away', check: async () => await new Promise(() => {}) },
            {
              name: 'database',
              otherwise: 'the database is away',
              check: async () => {
                throw new Error("Access denied for user 'ferry'@'10.0.0.7'");
              },
            },
            { name: 'polling', otherwise: 'does not poll', check: async () => {} },
          ],
          (name, reason) => reported.push(`${name}: ${reason}`),
          20,
        ),
    });

    const ready = await fetch(`http://${address}/readyz`);
    const healthy = await fetch(`http://${address}/healthz`);

    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({
      status: 'not ready',
      temporal: 'Temporal is away',
      database: 'the database is away',
      polling: 'ok',
    });
    expect(reported.toSorted()).toEqual([
      "database: Access denied for user 'ferry'@'10.0.0.7'",
      'temporal: no answer within 0.02 s',
    ]);
    expect(healthy.status).toBe(200);
  });

  test('reports a page that could not be made, and does not show the reason', async () => {
    const reasons: string[] = [];
    const { address } = await start({
      metrics: async () => {
        throw new Error('a reason with a secret');
      },
      report: (reason) => void reasons.push(reason),
    });

    const response = await fetch(`http://${address}/metrics`);

    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(reasons).toEqual(['a reason with a secret']);
  });

  test('that is taken is a fault of the configuration that names the variable', async () => {
    const { address } = await start();

    const second = start({}, Number(address.split(':')[1]));

    await expect(second).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(
        /^cannot listen on 127\.0\.0\.1:\d+ for metrics .*EADDRINUSE.*: set FERRY_METRICS_LISTEN to another address, or unset it$/,
      ) as string,
    });
  });
});
