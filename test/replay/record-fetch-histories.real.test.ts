import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { fetchResult, startFetch } from '../../src/client/start-fetch.js';
import type { FetchActivities, UpstreamCheck } from '../../src/contract/activity-types.js';
import type { FetchInput } from '../../src/contract/fetch-messages.js';
import { nothingNew } from '../../src/domain/upstream-finding.js';
import { recordHistory } from '../support/record-history.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import type { WorkflowWorker } from '../support/workflow-worker.js';
import { ScriptedWorld } from '../workflows/scripted-world.js';

const image = 'docker.io/acme/app:2';
const found: UpstreamCheck = {
  kind: 'found',
  fingerprint: 'f',
  finding: {
    ...nothingNew('2.0.0'),
    previous: '1.0.0',
    isNew: true,
    changed: [{ image, services: ['app'], oldTag: '1', newTag: '2' }],
    wanted: [{ image, service: 'app', oldTag: '1', newTag: '2' }],
  },
};
const limited: UpstreamCheck = {
  kind: 'later',
  fault: { code: 'rate-limited', decision: 'wait', reason: 'GitHub is at its limit', retryAfterMs: 100 },
};

/** As `record-histories.real.test.ts`, for the workflows that check upstreams. */
describe('checks of upstreams whose histories are recorded', () => {
  let checks: UpstreamCheck[];
  let worker: WorkflowWorker;

  beforeEach(async () => {
    const activities: FetchActivities = {
      checkUpstream: async () => checks.shift() ?? found,
      recordFinding: async ({ finding }) => ({
        wanted: finding.wanted.map((one) => ({ image: one.image, platform: 'linux/amd64', outcome: 'added' })),
        pending: finding.isNew,
      }),
    };
    worker = await startWorkflowWorker({ ...new ScriptedWorld().activities(), ...activities });
  });
  afterEach(async () => await worker.stop());

  test('FetchDify that waits for a rate limit and requests a sync', async () => {
    checks = [limited, found];

    const result = await run('dify', { scope: 'release' });

    expect(result).toMatchObject({ release: '2.0.0', syncRequested: true });
    await recordHistory(worker.client, 'fetch-dify', 'fetch-dify/release');
  });

  test('FetchXinference that finds nothing new', async () => {
    checks = [{ kind: 'found', finding: nothingNew('v1.0.0'), fingerprint: 'f' }];

    const result = await run('xinference');

    expect(result).toMatchObject({ isNew: false, syncRequested: false });
    await recordHistory(worker.client, 'fetch-xinference', 'fetch-xinference');
  });

  test('FetchUpstream that requests a sync', async () => {
    checks = [found];

    const result = await run('mine');

    expect(result).toMatchObject({ upstream: 'mine', syncRequested: true });
    await recordHistory(worker.client, 'fetch-upstream', 'fetch-mine');
  });

  async function run(upstream: string, input: FetchInput = {}) {
    const temporal = {
      client: worker.client,
      withDeadline: async <T>(call: () => Promise<T>) => await call(),
      close: async () => undefined,
    };
    return await fetchResult(temporal, await startFetch(temporal, upstream, input));
  }
});
