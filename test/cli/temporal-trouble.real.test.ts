import { afterEach, describe, expect, inject, test, vi } from 'vitest';

import { ServiceError } from '@temporalio/client';

import type { TemporalPlace } from '../../src/client/connect.js';
import { connectClient } from '../../src/client/connect.js';
import { requestSync, syncResult } from '../../src/client/sync-requests.js';
import { temporalFault } from '../../src/client/temporal-fault.js';
import { isWorkerPolling, queuesFor } from '../../src/client/worker-presence.js';
import { syncCommand } from '../../src/cli/commands/sync.js';
import { tellingOfMissingWorker } from '../../src/cli/missing-worker.js';
import { withTemporalAt } from '../../src/cli/with-temporal.js';
import { SYNC_ALL_WORKFLOW_ID } from '../../src/contract/workflow-names.js';
import { freshNamespace } from '../support/temporal-server.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import { ScriptedWorld } from '../workflows/scripted-world.js';

const request = { id: 'r', reason: 'test' };

describe("what commands say of Temporal's trouble", () => {
  const place = (namespace = freshNamespace()): TemporalPlace => ({ address: inject('temporalAddress'), namespace });

  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  test('a namespace that is not there is wrong configuration, and named', async () => {
    const asked = withTemporalAt(place('nowhere'), async (temporal) => await requestSync(temporal, request));

    await expect(asked).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('has no namespace "nowhere": set TEMPORAL_NAMESPACE') as string,
    });
  });

  test('a sync that somebody terminates is told in one sentence', async () => {
    const asked = withTemporalAt(place(), async (temporal) => {
      const { runId } = await requestSync(temporal, request);
      await temporal.client.workflow.getHandle(SYNC_ALL_WORKFLOW_ID).terminate('the disk is being moved');
      return await syncResult(temporal, runId);
    });

    await expect(asked).rejects.toMatchObject({
      code: 'temporal',
      message: 'sync-all was terminated before it was done: the disk is being moved',
    });
  });

  test('a run that Temporal has forgotten is told as such', async () => {
    const asked = withTemporalAt(place(), async (temporal) => await syncResult(temporal, crypto.randomUUID()));

    await expect(asked).rejects.toMatchObject({
      code: 'temporal',
      message: expect.stringContaining('does not know sync-all any more') as string,
    });
  });

  test('a server that goes away in the middle is told as such', () => {
    const cause = Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: 'no connection', metadata: {} });

    const fault = temporalFault(new ServiceError('Failed to signal Workflow', { cause }), place('default'));

    expect(fault).toMatchObject({
      code: 'temporal',
      message: expect.stringContaining('does not answer any more (no connection)') as string,
    });
  });

  test('who no longer waits for a pass is told that it goes on, at once also without a worker', async () => {
    const said: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    const { address, namespace } = place();
    vi.stubEnv('TEMPORAL_ADDRESS', address);
    vi.stubEnv('TEMPORAL_NAMESPACE', namespace);
    vi.stubEnv('MY_REGISTRY', 'registry.example.com');
    const listeners = process.listenerCount('SIGINT');

    const waiting = syncCommand({ wait: true });
    await vi.waitFor(() => expect(process.listenerCount('SIGINT')).toBe(listeners + 1), { timeout: 5_000 });
    const askedAt = performance.now();
    process.emit('SIGINT');

    expect(await waiting).toBe(1);
    expect(performance.now() - askedAt).toBeLessThan(3_000);
    expect(said.join('')).toBe('interrupted; the pass goes on in the worker: "ferry status" shows how things stand\n');
    await withTemporalAt({ address, namespace }, async ({ client }) => {
      const handle = client.workflow.getHandle(SYNC_ALL_WORKFLOW_ID);
      expect((await handle.describe()).status.name).toBe('RUNNING');
      await handle.terminate();
    });
  });

  test('who waits learns that no worker is there, and gets the answer when one comes', async () => {
    const said: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    const worker = await startWorkflowWorker(new ScriptedWorld().activities());
    const served = { client: worker.client, soon: async <T>(call: () => Promise<T>) => await call() };
    const lonely = await connectClient(place());
    let answer: (text: string) => void = () => undefined;
    const waiting = new Promise<string>((resolve) => (answer = resolve));

    const told = tellingOfMissingWorker(lonely, waiting, { queues: queuesFor([{ engine: 'docker' }]), afterMs: 0 });
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
