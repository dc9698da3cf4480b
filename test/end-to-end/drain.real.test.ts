import { afterEach, beforeEach, expect, test } from 'vitest';

import { runFerry } from '../../demo/ferry-process.js';
import { pushImage, readManifest } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import { projectRoot } from '../../demo/tools.js';
import { startFerryWorker } from '../support/ferry-installation.js';
import { startTemporal } from '../support/temporal-server.js';
import type { TemporalServer } from '../support/temporal-server.js';
import { startTwoTargetStage } from '../support/two-target-stage.js';
import type { TwoTargetStage } from '../support/two-target-stage.js';

const patient = { timeout: 90_000 };

let stage: TwoTargetStage;
let temporal: TemporalServer;

beforeEach(async () => {
  stage = await startTwoTargetStage(50_000_000);
  temporal = await startTemporal();
});
afterEach(async () => {
  await stage.clear();
  await temporal.stop();
});

test(
  'a worker that is stopped finishes its transfer within FERRY_DRAIN_TIME before it ends',
  { timeout: 240_000 },
  async () => {
    const image = await makeImage({ name: 'app', layers: [9_000_000] });
    const layer = image.blobs[1]?.digest ?? '';
    await pushImage(stage.source, { image, repository: 'org/app', tag: '1' });
    const environment = { ...stage.environment, TEMPORAL_ADDRESS: temporal.address, FERRY_DRAIN_TIME: '2m' };
    const program = `${projectRoot}/bin/ferry`;
    const worker = await startFerryWorker({ program }, environment);
    const release = stage.proxy.holdBack(layer, 1_000_000);
    await runFerry(['add', `${stage.proxy.host}/org/app:1`], environment, program);
    const read = () => stage.proxy.reads().find(({ digest }) => digest === layer);
    await expect.poll(() => read()?.bytes ?? 0, patient).toBeGreaterThan(500_000);

    const stopped = worker.stop();
    await expect.poll(() => worker.log(), patient).toContain('"state":"DRAINING"');
    release();
    await stopped;

    // No other worker ran, and nothing was read a second time.
    expect((await readManifest(stage.own, 'org/app', '1'))?.digest).toBe(image.digest);
    expect((await readManifest(stage.aliyun, 'team/app', '1'))?.digest).toBe(image.digest);
    expect(read()).toMatchObject({ requests: 1 });
  },
);
