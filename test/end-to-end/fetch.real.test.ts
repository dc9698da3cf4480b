import { afterEach, beforeEach, expect, test } from 'vitest';

import { pushImage, readManifest } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import { startRegistry } from '../../demo/registry-server.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import type { FetchResult } from '../../src/contract/fetch-messages.js';
import type { SyncAllResult } from '../../src/contract/sync-messages.js';
import { makeFerryStage } from '../support/ferry-stage.js';
import type { FerryStage } from '../support/ferry-stage.js';
import { startGitHubStandIn } from '../support/github-stand-in.js';
import type { GitHubStandIn } from '../support/github-stand-in.js';

let standIn: GitHubStandIn;
let source: RegistryServer;
let own: RegistryServer;
let edge: RegistryServer;
let stage: FerryStage;

beforeEach(async () => {
  standIn = await startGitHubStandIn();
  source = await startRegistry({ kind: 'distribution' });
  own = await startRegistry({ kind: 'distribution' });
  edge = await startRegistry({ kind: 'distribution' });
  stage = makeFerryStage({
    configuration: {
      github: { apiUrl: standIn.url },
      hosts: { [source.host]: { scheme: 'http' } },
      targets: { edge: { registry: edge.url, naming: 'private' } },
      upstreams: {
        xinference: { image: `${source.host}/xprobe/xinference` },
        tool: { kind: 'tags', image: `${source.host}/acme/tool`, range: '>=1.2', newest: 2, deny: ['1.4.0'] },
        'edge-tool': { kind: 'tags', image: `${source.host}/acme/edge`, targets: ['edge'] },
      },
    },
    environment: { MY_REGISTRY: own.url },
  });
});
afterEach(async () => {
  await stage.clear();
  await Promise.all([standIn.stop(), source.stop(), own.stop(), edge.stop()]);
});

test(
  'the images of Dify, of Xinference and of the tags of a registry are found and copied, and the next check finds nothing new',
  { timeout: 180_000 },
  async () => {
    await publish('acme/api', '1', '2');
    await publish('acme/web', '1');
    await publish('acme/tool', '1.1.0', '1.2.0', '1.3.0', '1.4.0');
    await publish('xprobe/xinference', 'v1.0.0.post1');
    standIn.setTags('langgenius/dify', ['0.9.9', '1.10.0', '1.9.0']);
    standIn.setFile('langgenius/dify', '1.9.0', 'docker/docker-compose.yaml', compose('1'));
    standIn.setFile('langgenius/dify', '1.10.0', 'docker/docker-compose.yaml', compose('2'));
    standIn.setTags('xorbitsai/inference', ['v1.0.0', 'v1.0.0.post1', 'v2.0.0.rc1']);
    await stage.up();

    const dify = await stage.ask<FetchResult>('fetch', 'dify', '--wait');
    const xinference = await stage.ask<FetchResult>('fetch', 'xinference', '--wait');
    const tool = await stage.ask<FetchResult>('fetch', 'tool', '--wait');
    const summary = await stage.ask<SyncAllResult>('sync', '--wait');
    const again = await stage.ferry('fetch', 'dify', '--wait');
    const unknown = await stage.ferry('fetch', 'dfy');
    const copied = await Promise.all(
      ['acme/api:2', 'xprobe/xinference:v1.0.0.post1', 'acme/tool:1.3.0', 'acme/tool:1.2.0', 'acme/web:1'].map(isThere),
    );

    expect(dify).toMatchObject({ release: '1.10.0', previous: '1.9.0', syncRequested: true });
    expect(dify.changed).toEqual([
      { image: `${source.host}/acme/api:2`, services: ['api', 'worker'], oldTag: '1', newTag: '2' },
    ]);
    expect(xinference.wanted.map(({ image }) => image)).toEqual([`${source.host}/xprobe/xinference:v1.0.0.post1`]);
    expect(tool.wanted.map(({ image }) => image)).toEqual(
      ['1.3.0', '1.2.0'].map((tag) => `${source.host}/acme/tool:${tag}`),
    );
    expect(summary).toMatchObject({ retrying: 0, blocked: 0 });
    // `web` is the same in both releases, and was not wanted before.
    expect(copied).toEqual([true, true, true, true, false]);
    expect(again).toMatchObject({ status: 0, output: 'dify: nothing new, 1.10.0 was handled before\n' });
    expect(again.errors).toContain('GITHUB_TOKEN is not set');
    expect(unknown.status).toBe(2);
    expect(unknown.errors).toContain('unknown upstream dfy; configured: dify, xinference, tool, edge-tool');
  },
);

test(
  'the images of an upstream with targets go only there, until a user requests them for all targets',
  { timeout: 180_000 },
  async () => {
    await publish('acme/edge', '1.0.0');
    await stage.up();
    const image = `${source.host}/acme/edge:1.0.0`;
    const there = async (): Promise<boolean[]> =>
      await Promise.all(
        [own, edge].map(async (server) => (await readManifest(server, 'acme/edge', '1.0.0')) !== undefined),
      );

    await stage.ask<FetchResult>('fetch', 'edge-tool', '--wait');
    const first = await stage.ask<SyncAllResult>('sync', '--wait');
    const limited = await there();
    const { output } = await stage.ferry('status', image);
    await stage.ferry('add', image);
    const second = await stage.ask<SyncAllResult>('sync', '--wait');

    expect(first).toMatchObject({ retrying: 0, waiting: 0, blocked: 0 });
    expect(limited).toEqual([false, true]);
    expect(output).toContain('only to edge');
    expect(second).toMatchObject({ retrying: 0, waiting: 0, blocked: 0 });
    expect(await there()).toEqual([true, true]);
  },
);

test('a compose file that has moved is said in one line with its address', { timeout: 120_000 }, async () => {
  standIn.setTags('langgenius/dify', ['1.10.0', '1.9.0']);
  await stage.up();

  const result = await stage.ferry('fetch', 'dify', '--wait');

  expect(result.status).toBe(1);
  expect(result.errors.trim().split('\n').at(-1)).toBe(
    `ferry: GitHub has no such resource: the file docker/docker-compose.yaml of langgenius/dify at 1.10.0 (404 for ${standIn.url}/repos/langgenius/dify/contents/docker/docker-compose.yaml?ref=1.10.0)`,
  );
});

test(
  'while GitHub is unavailable one run is made and the failed check is reported; the next start resumes the check before its run',
  { timeout: 180_000 },
  async () => {
    await publish('acme/api', '1', '2');
    await publish('acme/pending', '1');
    standIn.setTags('langgenius/dify', ['1.10.0', '1.9.0']);
    standIn.setFile('langgenius/dify', '1.9.0', 'docker/docker-compose.yaml', compose('1'));
    standIn.setFile('langgenius/dify', '1.10.0', 'docker/docker-compose.yaml', compose('2'));
    const returns = Date.now() + 30_000;
    standIn.limit(0, 30_000);
    await stage.ferry('add', '--no-sync', `${source.host}/acme/pending:1`);

    const away = await stage.ferry('up', '--until-idle', '--fetch', 'dify');
    const afterFirst = await Promise.all(['acme/pending:1', 'acme/api:2'].map(isThere));
    await expect.poll(() => Date.now(), { timeout: 40_000, interval: 500 }).toBeGreaterThan(returns);
    const back = await stage.ferry('up', '--until-idle', '--fetch', 'dify');
    const afterSecond = await isThere('acme/api:2');

    expect(away.errors).toMatch(
      /not done: the check of dify is still waiting\. Waiting \d+s: .*; Temporal keeps it, and it continues/,
    );
    expect(away).toMatchObject({ status: 1, output: expect.stringContaining('1 pushed') as string });
    expect(afterFirst).toEqual([true, false]);
    expect(back).toMatchObject({ status: 0, output: expect.stringContaining('dify 1.10.0') as string });
    expect(afterSecond).toBe(true);
  },
);

async function publish(repository: string, ...tags: readonly string[]): Promise<void> {
  for (const tag of tags) {
    const image = await makeImage({ name: `${repository}-${tag}`, layers: [1_000] });
    await pushImage(source, { image, repository, tag });
  }
}

function compose(version: string): string {
  return `
x-api: &api
  image: ${source.host}/acme/api:\${API_VERSION:-${version}}
services:
  api: { <<: *api, environment: { MODE: api } }
  worker: { <<: *api, environment: { MODE: worker } }
  web: { image: '${source.host}/acme/web:1' }
`;
}

async function isThere(image: string): Promise<boolean> {
  const [repository = '', tag = ''] = image.split(':');
  return (await readManifest(own, repository, tag)) !== undefined;
}
