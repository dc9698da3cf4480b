import { beforeEach, describe, expect, test } from 'vitest';

import { createCopyEngine } from '../../src/composition/copy-engine.js';
import type { ImagePlan } from '../../src/contract/activity-types.js';
import type { Target } from '../../src/domain/target.js';
import { ImagePlanner } from '../../src/planning/plan-image.js';
import { requestsOf, settle, startActivityStage } from '../activities/activity-stage.js';
import type { ActivityStage } from '../activities/activity-stage.js';
import { counted } from '../database/counted-stores.js';
import { placeImage } from '../support/scripted-images.js';
import { clientFor } from '../support/scripted-set-up.js';

const numbers = Array.from({ length: 20 }, (_, number) => number);

/** What plans of many images do with rows that were read together. */
describe('20 images that were copied', () => {
  let stage: ActivityStage;
  let images: readonly string[];

  beforeEach(async () => {
    stage = await startActivityStage();
    const { source, aliyun, own } = stage;
    images = numbers.map((number) => `${source.host}/team/app-${number}:v1`);
    for (const [number, image] of images.entries()) {
      const layers = [Buffer.from(`layer of ${number}`)];
      placeImage(source, `team/app-${number}`, { layers });
      await stage.want(image);
      const plan = await stage.plan(image);
      for (const registry of [aliyun, own]) placeImage(registry, `mirror/app-${number}`, { layers });
      await settle(stage, image, plan);
    }
    for (const registry of [source, aliyun, own]) registry.requests.length = 0;
  });

  test('planning them again takes no statement beside those that read all of them, and one HEAD of each registry', async () => {
    const { source, aliyun, own } = stage;
    for (const image of images) await stage.want(image);

    const { plans, reading, planning } = await planAll();

    expect(plans.map((plan) => plan.kind === 'planned' && plan.open.length)).toEqual(images.map(() => 0));
    expect({ planning, reading }).toEqual({ planning: 0, reading: 7 });
    for (const registry of [source, aliyun, own]) {
      expect(requestsOf(registry).filter((request) => request.startsWith('HEAD'))).toHaveLength(images.length);
    }
  });

  test('those that the targets have and no user requested again are recorded together, each time in a few statements', async () => {
    await stage.database.queries.updateTable('images_for_push').set({ push_status: 0, ferry_status: 0 }).execute();

    const { plans, transactions, planning } = await planAll();

    expect(plans.map(({ kind }) => kind)).toEqual(images.map(() => 'adopted'));
    // Those that end at nearly the same time share a transaction.
    expect(planning).toBeLessThanOrEqual(11 * transactions);
    expect(transactions).toBeLessThanOrEqual(images.length);
    expect(await Promise.all(images.map(async (image) => await stage.statusOf(image)))).toEqual(images.map(() => 1));
  });

  async function planAll(): Promise<{
    readonly plans: readonly ImagePlan[];
    readonly reading: number;
    readonly planning: number;
    readonly transactions: number;
  }> {
    const { database, source, aliyun, own } = stage;
    const { stores, statements, transactions } = counted({ database });
    const targets = [targetAt('aliyun', aliyun.host), targetAt('private', own.host)];
    const reads = await stores.reads.read(images, targets);
    const reading = statements();
    const planner = new ImagePlanner({
      ...reads,
      engine: createCopyEngine(clientFor([source, aliyun, own])),
      rollbacks: stores.rollbacks,
      daemonWorkers: { arePolling: async () => false },
      targets,
      missingTagWaitMs: 0,
      mutableTags: {},
    });
    const options = { signal: new AbortController().signal, lastAttempt: false };
    const plans = await Promise.all(images.map(async (image) => await planner.plan(image, options)));
    return { plans, reading, planning: statements() - reading, transactions: transactions() };
  }
});

function targetAt(name: string, registry: string): Target {
  return { name, registry, namespace: 'mirror', naming: 'aliyun', manifestPolicy: 'keep', explicitNames: {} };
}
