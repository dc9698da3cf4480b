import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { WorkflowFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';

import type { FetchPorts } from '../../src/activities/fetch-activities.js';
import { createUpstreamActivities } from '../../src/activities/index.js';
import { watchFetch } from '../../src/cli/fetch-progress.js';
import { fetchResult, fetchWorkflowId, startFetch } from '../../src/client/start-fetch.js';
import type { FetchInput, FetchResult } from '../../src/contract/fetch-messages.js';
import { TaskQueue } from '../../src/contract/task-queues.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import type { Stores } from '../../src/database/stores.js';
import type { Upstream } from '../../src/domain/upstream.js';
import { createGitHub } from '../../src/upstreams/github.js';
import { createUpstreamWatcher } from '../../src/upstreams/upstream-watcher.js';
import { pushed, syncImage } from '../database/store-fixture.js';
import { difyUpstream, xinferenceUpstream } from '../support/built-in-upstreams.js';
import { noChartPrograms } from '../support/chart-programs.js';
import { startGitHubStandIn } from '../support/github-stand-in.js';
import type { GitHubStandIn } from '../support/github-stand-in.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import type { WorkflowWorker } from '../support/workflow-worker.js';
import { writtenTo } from '../support/written-to.js';
import { ScriptedWorld } from './scripted-world.js';

const difyTags = linesOf('upstreams/data/dify-tags.txt');
const older = contentOf('compose/data/platform-1.9.2.yaml');
const newer = contentOf('compose/data/platform-2.0.0.yaml');
const xinferenceImage = 'docker.io/xprobe/xinference:v3.2.1';

const prometheus: Upstream = {
  kind: 'tags',
  name: 'prometheus',
  image: 'quay.io/prometheus/prometheus',
  rules: { range: '>=3', newest: 2, deny: [] },
  platforms: ['linux/amd64', 'linux/arm64'],
  imagePlatforms: [{ pattern: '*:v3.1.*', platforms: ['linux/s390x'] }],
};

describe('FetchDify, FetchXinference and FetchUpstream on a real Temporal server', () => {
  let folder: string;
  let database: FerryDatabase;
  let stores: Stores;
  let standIn: GitHubStandIn;
  let world: ScriptedWorld;
  let worker: WorkflowWorker;
  let refused: ReadonlyMap<string, string>;
  let allowed: readonly string[];
  let wanted: FetchPorts['wanted'];
  let onRequestSync: () => Promise<void>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ferry-fetch-'));
    database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
    await migrate(database);
    stores = createStores(database);
    wanted = stores.wanted;
    refused = new Map();
    allowed = [];
    onRequestSync = async () => undefined;
    standIn = await startGitHubStandIn();
    standIn.setTags('langgenius/dify', difyTags);
    standIn.setTags('xorbitsai/inference', linesOf('upstreams/data/xinference-tags.txt'));
    publish('1.15.0', older);
    publish('1.16.0', newer);
    world = new ScriptedWorld();
    const activities = world.activities();
    worker = await startWorkflowWorker({
      ...activities,
      requestSync: async (request) => {
        await onRequestSync();
        await activities.requestSync(request);
      },
      ...createUpstreamActivities({
        upstreams: [difyUpstream, xinferenceUpstream, prometheus],
        watcher: createUpstreamWatcher({
          github: createGitHub({ apiUrl: standIn.url, token: () => undefined, retryPauseMs: 1 }),
          registries: { listTags: async () => ['v3.0.0', 'v3.1.0', 'v3.2.0', 'v2.9.9', 'latest'] },
          programs: noChartPrograms,
        }),
        states: stores.states,
        checks: stores.checks,
        releases: stores.releases,
        wanted: { addWanted: async (requests) => await wanted.addWanted(requests) },
        sources: {
          get rules() {
            return { allowed: ['docker.io', ...allowed], trusted: [], targets: [] };
          },
          refusals: async (references) => references.map(({ host }) => refused.get(host)),
        },
        platforms: ['linux/amd64'],
      }),
    });
  });
  afterEach(async () => {
    await worker.stop();
    await standIn.stop();
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the images that the newest release of Dify changes are wanted with the reason, and a sync is requested', async () => {
    const result = await fetched('dify');

    expect(result).toMatchObject({ upstream: 'dify', release: '1.16.0', previous: '1.15.0', syncRequested: true });
    expect(result.wanted.map(({ image, platform, outcome }) => [image, platform, outcome])).toEqual([
      ['containers.intersystems.com/intersystems/iris-community:2025.3', 'linux/amd64', 'added'],
      ['docker.io/acme/app-api:2.0.0', 'linux/amd64', 'added'],
      ['docker.io/acme/app-web:2.0.0', 'linux/amd64', 'added'],
      ['docker.io/acme/app-sandbox:0.2.14', 'linux/amd64', 'added'],
      ['docker.io/acme/app-tools:2.0.0', 'linux/amd64', 'added'],
    ]);
    expect(world.signalled.map(({ reason }) => reason)).toEqual(['dify 1.16.0']);
    expect(await reasonsOf('docker.io/acme/app-api:2.0.0')).toEqual([
      {
        by: 'upstream',
        id: 'dify',
        release: '1.16.0',
        service: 'api, worker',
        oldTag: '1.9.2',
        newTag: '2.0.0',
      },
    ]);
  });

  test('a second run finds nothing new, changes no row, requests no sync and makes one HTTP request', async () => {
    await fetched('dify');
    const rows = await allRows();
    const requests = standIn.requests.length;

    const result = await fetched('dify');

    expect(result).toMatchObject({ release: '1.16.0', isNew: false, wanted: [], syncRequested: false });
    expect(await allRows()).toEqual(rows);
    expect(standIn.requests.slice(requests).map(({ status }) => status)).toEqual([304]);
    expect(world.signalled).toHaveLength(1);
  });

  test('each check is recorded with what it found and what became of the images, once', async () => {
    const first = await fetched('dify');
    await fetched('dify');

    const [second, recorded, ...others] = await stores.checks.last('dify', 10);
    const { upstream: _upstream, syncRequested: _sync, ...reported } = first;
    expect(others).toEqual([]);
    expect(recorded?.report).toEqual(JSON.parse(JSON.stringify(reported)));
    expect(second?.report).toMatchObject({ release: '1.16.0', isNew: false });
    expect(recorded?.finishedAt).toBeGreaterThanOrEqual(recorded?.startedAt ?? Infinity);
    expect(recorded?.fault).toBeUndefined();
  });

  test('the rows are committed before the sync is requested', async () => {
    let seen = 0;
    onRequestSync = async () => {
      seen = (await allRows()).length;
    };

    await fetched('dify');

    expect(seen).toBe(5);
  });

  test('a sync is requested even if the worker dies between the commit and the end of its activity', async () => {
    let first = true;
    wanted = {
      addWanted: async (requests) => {
        const results = await stores.wanted.addWanted(requests);
        if (first) {
          first = false;
          throw new Error('the worker died here');
        }
        return results;
      },
    };

    const result = await fetched('dify');

    expect(result.wanted.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 5 }, () => 'already-pending'));
    expect(result.syncRequested).toBe(true);
    expect(world.signalled).toHaveLength(1);
  });

  test('the scope release adds the missing images of a release that was handled before', async () => {
    await fetched('dify');

    const result = await fetched('dify', { scope: 'release' });

    expect(result.wanted).toHaveLength(18);
    expect(result.wanted.filter(({ outcome }) => outcome === 'added')).toHaveLength(13);
  });

  test('a pushed image is not changed and causes no sync', async () => {
    await fetched('xinference');
    await syncImage(stores, xinferenceImage, {
      targets: [pushed('aliyun', 'x:1'), pushed('private', 'x:1')],
    });
    world.signalled.length = 0;

    const result = await fetched('xinference', { scope: 'release' });

    expect(result.wanted).toEqual([{ image: xinferenceImage, platform: 'linux/amd64', outcome: 'already-pushed' }]);
    expect(result.syncRequested).toBe(false);
    expect(world.signalled).toEqual([]);
  });

  test('an image that was blocked because its tag was missing is pending again', async () => {
    await fetched('xinference');
    await syncImage(stores, xinferenceImage, {
      sourceFault: { state: 'blocked', code: 'tag-missing', reason: 'not there', tagMissing: true },
    });

    const result = await fetched('xinference', { scope: 'release' });

    expect(result.wanted).toEqual([{ image: xinferenceImage, platform: 'linux/amd64', outcome: 'renewed' }]);
    expect(result.syncRequested).toBe(true);
  });

  test('images of a source that is not allowed are refused with the reason, and the others are wanted', async () => {
    refused = new Map([['containers.intersystems.com', 'containers.intersystems.com is not allowed']]);

    const result = await fetched('dify');

    expect(result.wanted.filter(({ outcome }) => outcome === 'refused')).toEqual([
      {
        image: 'containers.intersystems.com/intersystems/iris-community:2025.3',
        platform: 'linux/amd64',
        outcome: 'refused',
        reason: 'containers.intersystems.com is not allowed',
      },
    ]);
    expect(await allRows()).toHaveLength(4);
  });

  test('a refused image is wanted by the next check once its source is allowed', async () => {
    refused = new Map([['containers.intersystems.com', 'containers.intersystems.com is not allowed']]);
    await fetched('dify');
    refused = new Map();
    allowed = ['containers.intersystems.com'];

    const result = await fetched('dify');

    expect(result.wanted.filter(({ outcome }) => outcome === 'added').map(({ image }) => image)).toEqual([
      'containers.intersystems.com/intersystems/iris-community:2025.3',
    ]);
  });

  test('a release that is announced after a check has read the listing is found by the same workflow run', async () => {
    let joined: { readonly runId: string } | undefined;
    onRequestSync = async () => {
      if (joined !== undefined) return;
      publish('1.17.0', newer.replaceAll('app-api:2.0.0', 'app-api:2.1.0'));
      standIn.setTags('langgenius/dify', ['1.17.0', ...difyTags]);
      joined = await startFetch(temporal(), 'dify');
    };

    const run = await startFetch(temporal(), 'dify');
    const result = await fetchResult(temporal(), run);

    expect(joined?.runId).toBe(run.runId);
    expect(result).toMatchObject({ release: '1.17.0', previous: '1.16.0' });
    // SyncAll takes a request with a known ID for a repetition, and the second one is about other images.
    expect(new Set(world.signalled.map(({ id }) => id)).size).toBe(2);
  });

  test('a wait of more than six hours ends the run with a reason: the next check by schedule tries again', async () => {
    standIn.limit(0, 7 * 3_600_000);

    const ended = fetched('dify');

    await expect(ended).rejects.toMatchObject({ name: 'CodedError', code: 'rate-limited' });
    await expect(ended).rejects.toThrow('that is too long to wait for: the next check by schedule');
    const [recorded] = await stores.checks.last('dify', 1);
    expect(recorded?.fault).toContain('that is too long to wait for');
    expect(recorded?.report).toBeUndefined();
  });

  test('tags that were found before are not reported as added again', async () => {
    const first = await fetched('prometheus');

    const second = await fetched('prometheus');

    expect([first.added.length, first.unchanged]).toEqual([2, 0]);
    expect([second.added.length, second.unchanged]).toEqual([0, 2]);
  });

  test("the workflow sleeps through a rate limit until GitHub's reset, and does not fail", async () => {
    standIn.limit(0, 1_000);

    const result = await fetched('dify');

    const events = await historyOf('dify');
    expect(result.release).toBe('1.16.0');
    expect(standIn.requests.slice(0, 1).map(({ status }) => status)).toEqual([403]);
    expect(events.filter((event) => event.timerStartedEventAttributes !== null)).toHaveLength(1);
    expect(events.filter((event) => event.activityTaskFailedEventAttributes !== null)).toEqual([]);
  });

  test('the details of a waiting check show what it waits for', async () => {
    const said = writtenTo('stderr');
    onTestFinished(() => void vi.restoreAllMocks());
    standIn.limit(0, 3_600_000);
    const run = await startFetch(temporal(), 'dify');

    const waiting = watchFetch(temporal(), 'dify', run).catch((error: unknown) => error);
    await vi.waitFor(() => expect(said.join('')).toMatch(/^dify: Waiting \d\w*: GitHub's rate limit/), {
      timeout: 20_000,
    });
    await worker.client.workflow.getHandle(run.workflowId).terminate();

    expect(messagesOf(await waiting)).toContain('terminated');
    expect(said).toHaveLength(1);
  });

  test('a missing repository ends the workflow with the reason and the address', async () => {
    standIn.setTags('langgenius/dify', ['9.9.9']);

    const ended = fetched('dify');

    await expect(ended).rejects.toMatchObject({ name: 'CodedError', code: 'upstream-missing' });
    await expect(ended).rejects.toThrow('docker/docker-compose.yaml of langgenius/dify at 9.9.9');
  });

  test('a configured upstream has its own platforms, and single images of it may have others', async () => {
    const result = await fetched('prometheus');

    expect(result.wanted.map(({ image, platform }) => `${image} ${platform}`)).toEqual([
      'quay.io/prometheus/prometheus:v3.2.0 linux/amd64',
      'quay.io/prometheus/prometheus:v3.2.0 linux/arm64',
      'quay.io/prometheus/prometheus:v3.1.0 linux/s390x',
    ]);
  });

  test('ten simultaneous requests for an upstream make one check', async () => {
    const runs = await Promise.all(Array.from({ length: 10 }, async () => await startFetch(temporal(), 'dify')));

    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(1);
    await fetchResult(temporal(), runs[0] ?? { workflowId: '', runId: '' });
  });

  test.each([
    ['FetchDify', [], 'dify'],
    ['FetchDify', [{ scope: 'release' }], 'dify'],
    ['FetchXinference', [null], 'xinference'],
    ['FetchUpstream', [{ name: 'xinference' }], 'xinference'],
  ])('the workflow %s is started by hand with the input %j', async (type, args, upstream) => {
    const handle = await worker.client.workflow.start(type, {
      workflowId: 'by-hand',
      taskQueue: TaskQueue.main,
      args,
    });

    expect(await handle.result()).toMatchObject({ upstream, isNew: true, syncRequested: true });
  });

  test.each([
    ['FetchDify', { scope: 'everything' }, 'scope is "everything"'],
    ['FetchDify', { scop: 'release' }, 'unknown field "scop"'],
    ['FetchUpstream', {}, 'FetchUpstream expects {"name": "my-upstream"}'],
    ['FetchUpstream', { name: 'unknown' }, 'unknown upstream unknown'],
  ])('the workflow %s with the invalid input %j ends with a reason', async (type, input, reason) => {
    const handle = await worker.client.workflow.start(type, {
      workflowId: 'by-hand',
      taskQueue: TaskQueue.main,
      args: [input],
    });

    const failure: unknown = await handle.result().catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(WorkflowFailedError);
    expect(messagesOf(failure)).toContain(reason);
  });

  async function fetched(upstream: string, input: FetchInput = {}): Promise<FetchResult> {
    return await fetchResult(temporal(), await startFetch(temporal(), upstream, input));
  }

  function temporal() {
    return {
      client: worker.client,
      withDeadline: async <T>(call: () => Promise<T>) => await call(),
      close: async () => undefined,
    };
  }

  async function historyOf(upstream: string) {
    const handle: WorkflowHandle = worker.client.workflow.getHandle(fetchWorkflowId(upstream));
    return (await handle.fetchHistory()).events ?? [];
  }

  async function allRows() {
    return await database.queries.selectFrom('images_for_push').selectAll().orderBy('id').execute();
  }

  async function reasonsOf(image: string): Promise<unknown[]> {
    const rows = await allRows();
    return rows.filter((row) => row.image === image).map((row): unknown => JSON.parse(row.requested_by ?? 'null'));
  }

  function publish(tag: string, content: string): void {
    standIn.setFile('langgenius/dify', tag, 'docker/docker-compose.yaml', content);
  }
});

function messagesOf(error: unknown): string {
  return error instanceof Error ? `${error.message} ${messagesOf(error.cause)}` : '';
}

function contentOf(name: string): string {
  return readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
}

function linesOf(name: string): string[] {
  return contentOf(name).trim().split('\n');
}
