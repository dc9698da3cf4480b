import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Discovery } from '../../src/discovery/discovery.js';
import { readCluster } from '../../src/discovery/read-cluster.js';
import { groupFinds } from '../../src/domain/found-image.js';

/** A server that answers lists as a Kubernetes API server does: without kind and version of the items, page by page. */
let server: Server;
let asked: { readonly method: string; readonly url: string; readonly authorization: string }[];
let lists: Map<string, readonly object[]>;
let refused: Map<string, number>;
let folder: string;
const before = process.env['KUBECONFIG'];

const pageSize = 2;

beforeEach(async () => {
  asked = [];
  refused = new Map();
  lists = new Map();
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const { authorization = '' } = request.headers;
    asked.push({ method: request.method ?? '', url: `${url.pathname}${url.search}`, authorization });
    const status = refused.get(url.pathname) ?? 200;
    response.writeHead(status, { 'content-type': 'application/json' });
    if (status !== 200) {
      response.end(JSON.stringify({ kind: 'Status', message: `${url.pathname} is forbidden` }));
      return;
    }
    const start = Number(url.searchParams.get('continue') ?? 0);
    const all = lists.get(url.pathname) ?? [];
    const next = start + pageSize < all.length ? String(start + pageSize) : '';
    response.end(JSON.stringify({ metadata: { continue: next }, items: all.slice(start, start + pageSize) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  folder = mkdtempSync(join(tmpdir(), 'ferry-cluster-'));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'c', cluster: { server: address, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 'secret-token' } }],
    contexts: [
      { name: 'test', context: { cluster: 'c', user: 'u' } },
      { name: 'other', context: { cluster: 'c', user: 'u' } },
    ],
  };
  writeFileSync(join(folder, 'config'), JSON.stringify(config));
  process.env['KUBECONFIG'] = join(folder, 'config');
});

afterEach(async () => {
  if (before === undefined) delete process.env['KUBECONFIG'];
  else process.env['KUBECONFIG'] = before;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

function pod(name: string, image: string, status: object = {}, metadata: object = {}): object {
  return { metadata: { name, namespace: 'shop', ...metadata }, spec: { containers: [{ name: 'a', image }] }, status };
}

function workload(name: string, image: string, metadata: object = {}): object {
  const template = { spec: { containers: [{ name: 'a', image }] } };
  return { metadata: { name, namespace: 'shop', ...metadata }, spec: { template } };
}

async function read(options: Parameters<typeof readCluster>[1] = {}) {
  const discovery = new Discovery();
  await readCluster(discovery, options);
  return { discovery, images: groupFinds(discovery.finds) };
}

describe('images of a running cluster', () => {
  test('images that cannot be pulled come first, with the reason', async () => {
    const waiting = {
      containerStatuses: [
        {
          image: 'example.org/broken:1',
          state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image' } },
        },
      ],
    };
    lists.set('/api/v1/pods', [
      pod('one', 'example.org/one:1'),
      pod('two', 'example.org/two:1'),
      pod('three', 'example.org/broken:1', waiting),
    ]);
    lists.set('/apis/apps/v1/deployments', [workload('web', 'example.org/web:1')]);
    lists.set('/apis/batch/v1/cronjobs', [
      {
        metadata: { name: 'nightly', namespace: 'shop' },
        spec: { jobTemplate: { spec: { template: { spec: { containers: [{ image: 'example.org/nightly:1' }] } } } } },
      },
    ]);
    lists.set('/apis/batch/v1/jobs', [
      workload('nightly-1', 'example.org/old:1', { ownerReferences: [{ kind: 'CronJob', controller: true }] }),
    ]);

    const { discovery, images } = await read();

    expect(discovery.unread).toEqual([]);
    expect(images.map(({ image }) => image)).toEqual([
      'example.org/broken:1',
      'example.org/one:1',
      'example.org/two:1',
      'example.org/web:1',
      'example.org/nightly:1',
    ]);
    expect(images[0]?.evidence[0]).toEqual({
      source: 'cluster test',
      path: 'Pod shop/three status',
      rule: 'container',
      text: 'example.org/broken:1',
      failing: 'ImagePullBackOff: Back-off pulling image',
    });
    expect(images[3]?.evidence[0]?.path).toBe('Deployment shop/web spec.template.spec.containers[0].image');
  });

  test('lists are read page by page, with the account of the kubeconfig, and by GET requests alone', async () => {
    lists.set(
      '/api/v1/pods',
      ['a', 'b', 'c', 'd', 'e'].map((name) => pod(name, `example.org/${name}:1`)),
    );

    const { images } = await read();

    expect(images).toHaveLength(5);
    expect(asked.filter(({ url }) => url.startsWith('/api/v1/pods'))).toHaveLength(3);
    expect(new Set(asked.map(({ method }) => method))).toEqual(new Set(['GET']));
    expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer secret-token']));
  });

  test('a namespace limits what is listed', async () => {
    lists.set('/api/v1/namespaces/shop/pods', [pod('a', 'example.org/a:1')]);

    const { images } = await read({ namespace: 'shop' });

    expect(images.map(({ image }) => image)).toEqual(['example.org/a:1']);
    expect(asked.every(({ url }) => url.includes('/namespaces/shop/'))).toBe(true);
  });

  test('a kind that may not be listed is reported, and the others are read', async () => {
    lists.set('/api/v1/pods', [pod('a', 'example.org/a:1')]);
    refused.set('/apis/apps/v1/deployments', 403);

    const { discovery, images } = await read();

    expect(images).toHaveLength(1);
    expect(discovery.unread).toEqual([
      {
        source: 'cluster test: deployments',
        reason: expect.stringMatching(/has answered 403 .* the account needs the permission to list them$/),
      },
    ]);
    expect(JSON.stringify(discovery)).not.toContain('secret-token');
  });

  test('an unknown context is refused with those that exist', async () => {
    await expect(read({ context: 'production' })).rejects.toThrow(
      'the kubeconfig has no context production; it has: test, other',
    );
  });

  test('a cluster that does not answer is reported for each kind', async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));

    const { discovery } = await read({ context: 'other' });

    expect(discovery.unread).toHaveLength(6);
    expect(discovery.unread[0]?.source).toBe('cluster other: pods');
    expect(discovery.unread[0]?.reason).toContain('cannot be reached');
  });
});
