import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ServiceError } from '@temporalio/client';
import { afterEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest';

import { addCommand } from '../../src/cli/commands/add.js';
import { fetchCommand } from '../../src/cli/commands/fetch.js';
import { migrateCommand } from '../../src/cli/commands/migrate.js';
import { statusCommand } from '../../src/cli/commands/status.js';
import { syncCommand } from '../../src/cli/commands/sync.js';
import { warningOfMissingWorker } from '../../src/cli/missing-worker-warning.js';
import { withTemporalAt } from '../../src/cli/with-temporal.js';
import { connectClient } from '../../src/client/connect.js';
import type { TemporalConnectionOptions } from '../../src/client/connect.js';
import { startFetch } from '../../src/client/start-fetch.js';
import { requestSync, syncResult } from '../../src/client/sync-requests.js';
import { temporalFault } from '../../src/client/temporal-fault.js';
import { isWorkerPolling, queuesFor } from '../../src/client/worker-availability.js';
import { syncAllWorkflowId } from '../../src/contract/workflow-names.js';
import { freshNamespace } from '../support/temporal-server.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import { writtenTo } from '../support/written-to.js';
import { ScriptedWorld } from '../workflows/scripted-world.js';

const request = { id: 'r', reason: 'test' };

describe('how commands report errors of Temporal', () => {
  const place = (namespace = freshNamespace()): TemporalConnectionOptions => ({
    address: inject('temporalAddress'),
    namespace,
  });

  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  test('a missing namespace is reported by name as a configuration error', async () => {
    const asked = withTemporalAt(place('nowhere'), async (temporal) => await requestSync(temporal, request));

    await expect(asked).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('has no namespace "nowhere": set TEMPORAL_NAMESPACE') as string,
    });
  });

  test('a terminated sync run is reported in one sentence', async () => {
    const asked = withTemporalAt(place(), async (temporal) => {
      const { runId } = await requestSync(temporal, request);
      await temporal.client.workflow.getHandle(syncAllWorkflowId).terminate('the disk is being moved');
      return await syncResult(temporal, runId);
    });

    await expect(asked).rejects.toMatchObject({
      code: 'cancelled',
      message: 'sync-all was terminated before it ended: the disk is being moved',
    });
  });

  test('a workflow run that Temporal has deleted is reported as such', async () => {
    const asked = withTemporalAt(place(), async (temporal) => await syncResult(temporal, crypto.randomUUID()));

    await expect(asked).rejects.toMatchObject({
      code: 'temporal',
      message: expect.stringContaining('no longer knows sync-all: request it again') as string,
    });
  });

  test('a Temporal server that disappears during a command is reported as such', () => {
    const cause = Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: 'no connection', metadata: {} });

    const fault = temporalFault(new ServiceError('Failed to signal Workflow', { cause }), place('default'));

    expect(fault).toMatchObject({
      code: 'temporal',
      message: expect.stringContaining('stopped answering (no connection)') as string,
    });
  });

  test.each([
    {
      waits: 'ferry sync --wait',
      command: async () => await syncCommand({ wait: true }),
      says: /^interrupted; the worker continues the sync run: "ferry status" shows its state. To cancel it: \S*temporal workflow cancel --workflow-id (sync-all) --address \S+ --namespace \S+\n$/,
    },
    {
      waits: 'ferry fetch --wait',
      command: async () => await fetchCommand('dify', { wait: true }),
      says: /^interrupted; the worker continues the check of dify: "ferry status" shows it. To cancel it: \S*temporal workflow cancel --workflow-id (fetch-dify) --address \S+ --namespace \S+\n$/,
    },
    {
      waits: 'ferry add',
      command: async () => await addCommand(['nginx:1.27'], { sync: true }),
      says: /^interrupted; Temporal keeps the request, and a worker will record its images\. "ferry status IMAGE" shows one; "ferry remove IMAGE" withdraws it\. To cancel the request: \S*temporal workflow cancel --workflow-id (add-image\/cli-[\w-]+) --address \S+ --namespace \S+\n$/,
    },
  ])(
    '$waits says at once, also without a worker, that the work continues after an interruption and how to cancel it',
    async ({ command, says }) => {
      const said = listen();
      const { address, namespace } = configured();
      const listeners = process.listenerCount('SIGINT');

      const waiting = command();
      await vi.waitFor(() => expect(process.listenerCount('SIGINT')).toBe(listeners + 1), { timeout: 5_000 });
      await vi.waitFor(async () => expect(await running({ address, namespace })).toHaveLength(1), { timeout: 5_000 });
      const askedAt = performance.now();
      process.emit('SIGINT');

      expect(await waiting).toBe(1);
      expect(performance.now() - askedAt).toBeLessThan(3_000);
      expect(said.join('')).toMatch(says);
      expect(await running({ address, namespace })).toEqual([says.exec(said.join(''))?.[1]]);
      expect(process.listenerCount('SIGINT')).toBe(listeners);
    },
  );

  test('ferry status shows running checks of upstreams with their workflow IDs', async () => {
    listen();
    const printed = writtenTo('stdout');
    const { address, namespace } = configured();
    await migrateCommand({});
    await withTemporalAt({ address, namespace }, async (temporal) => {
      await startFetch(temporal, 'dify', { scope: 'release' });
      await startFetch(temporal, 'n8n');
    });
    // Started by a schedule: its ID ends with the time.
    await withTemporalAt({ address, namespace }, async ({ client }) => {
      await client.workflow.start('FetchUpstream', {
        workflowId: 'fetch-ollama-tick-2026-11-29T10:00:00Z',
        taskQueue: 'ferry',
        args: [{ name: 'ollama' }],
      });
    });
    await vi.waitFor(async () => expect(await running({ address, namespace })).toHaveLength(3), { timeout: 5_000 });

    await statusCommand(undefined, {});
    await statusCommand(undefined, { json: true });

    const text = printed.join('');
    expect(text).toMatch(/^Check of dify: running since \S+ \S+ as fetch-dify\/release$/m);
    expect(text).toMatch(/^Check of n8n: running since \S+ \S+ as fetch-n8n$/m);
    expect(text).toMatch(/^Check of ollama: running since \S+ \S+ as fetch-ollama-tick-2026-11-29T10:00:00Z$/m);
    expect((JSON.parse(printed.at(-1) ?? '') as { fetches: unknown[] }).fetches).toHaveLength(3);
  });

  function listen(): string[] {
    const said = writtenTo('stderr');
    return said;
  }

  function configured(): TemporalConnectionOptions {
    const { address, namespace } = place();
    const folder = mkdtempSync(join(tmpdir(), 'ferry-trouble-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    vi.stubEnv('FERRY_DATA_DIR', folder);
    vi.stubEnv('TEMPORAL_ADDRESS', address);
    vi.stubEnv('TEMPORAL_NAMESPACE', namespace);
    vi.stubEnv('MY_REGISTRY', 'registry.example.com');
    return { address, namespace };
  }

  /** IDs of the running workflows of a namespace. */
  async function running(at: TemporalConnectionOptions): Promise<readonly string[]> {
    return await withTemporalAt(at, async ({ client }) => {
      const ids: string[] = [];
      for await (const { workflowId } of client.workflow.list({ query: "ExecutionStatus = 'Running'" })) {
        ids.push(workflowId);
      }
      return ids;
    });
  }

  test('a waiting command warns that no worker is polling, and prints the result when one starts', async () => {
    const said = writtenTo('stderr');
    const worker = await startWorkflowWorker(new ScriptedWorld().activities());
    const served = { client: worker.client, withDeadline: async <T>(call: () => Promise<T>) => await call() };
    const lonely = await connectClient(place());
    let answer: (text: string) => void = () => undefined;
    const waiting = new Promise<string>((resolve) => (answer = resolve));

    const told = warningOfMissingWorker(lonely, waiting, { queues: queuesFor([{ engine: 'docker' }]), afterMs: 0 });
    await vi.waitFor(() => expect(said).toHaveLength(3));
    answer('done');

    expect(await told).toBe('done');
    expect(said.join('')).toContain('no worker is polling task queue ferry: start one with');
    expect(said.join('')).toContain('no worker is polling task queue ferry-docker, which targets behind');
    await vi.waitFor(async () => expect(await isWorkerPolling({ ...served, close: async () => undefined })).toBe(true));
    await lonely.close();
    await worker.stop();
  });
});
