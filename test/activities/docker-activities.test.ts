import { MockActivityEnvironment } from '@temporalio/testing';
import { beforeEach, expect, test } from 'vitest';

import { createDockerActivities } from '../../src/activities/docker-activities.js';
import type { DockerPorts } from '../../src/activities/docker-activities.js';
import type { CopyByDockerInput, CopyImageResult, Destination, ImagePlan } from '../../src/contract/activity-types.js';
import { DatabaseFault } from '../../src/database/database-fault.js';
import type { DockerCopyOptions, DockerCopyReport, DockerCopyRequest } from '../../src/docker/docker-types.js';
import { FerryError } from '../../src/domain/ferry-error.js';
import { SourcePulls } from '../../src/planning/source-pulls.js';
import { startActivityStage } from './activity-stage.js';
import type { ActivityStage } from './activity-stage.js';

let stage: ActivityStage;

beforeEach(async () => {
  stage = await startActivityStage({ byDocker: ['aliyun', 'private'] });
});

/** A daemon that has pulled the image, and pushes it to each target that `beforePush` allows. */
async function pulledAndPushed(
  { targets }: DockerCopyRequest,
  { beforePull, beforePush }: DockerCopyOptions,
): Promise<DockerCopyReport> {
  await beforePull?.();
  const failures: DockerCopyReport['failures'][number][] = [];
  for (const target of targets) {
    try {
      await beforePush?.(target);
    } catch (error) {
      if (!(error instanceof FerryError) || error.code === 'database') throw error;
      failures.push({ target: target.name, reference: `${target.host}/${target.repository}`, failure: error });
    }
  }
  return { missingPlatforms: [], targets: [], failures, leftBehind: [] };
}

async function copy(
  image: string,
  destinations: readonly Destination[],
  {
    daemon = pulledAndPushed,
    ...changes
  }: Partial<Omit<DockerPorts, 'docker'>> & { daemon?: typeof pulledAndPushed } = {},
): Promise<CopyImageResult> {
  const { copyByDocker } = createDockerActivities({
    names: stage.stores.names,
    pulls: new SourcePulls(stage.stores.budgets),
    ...changes,
    docker: { copy: async (request, options = {}) => await daemon(request, options) },
  });
  const input: CopyByDockerInput = { image, platforms: ['linux/amd64'], destinations };
  return await new MockActivityEnvironment().run(copyByDocker, input);
}

function destinationsOf(plan: ImagePlan): readonly Destination[] {
  return plan.kind === 'planned' ? plan.open.map(({ destination }) => destination) : [];
}

test('a copy by Docker claims its target name after the pull, so that a mistyped image does not take it from the right one', async () => {
  const [typo, right] = ['registry.example.com/typo/app:v1', 'registry.example.com/team/app:v1'];
  await stage.want(typo);
  await stage.want(right);
  const mistyped = destinationsOf(await stage.plan(typo));
  const daemon = async () => {
    throw new FerryError('no such repository', { code: 'repository-missing', decision: 'block' });
  };
  await copy(typo, mistyped, { daemon });

  const planned = destinationsOf(await stage.plan(right));
  await copy(right, planned);

  expect(mistyped.map(({ repository }) => repository)).toEqual(['mirror/app', 'mirror/app']);
  expect(planned).toEqual(mistyped);
  const { host } = stage.aliyun;
  expect(await stage.stores.names.ownedBy('registry.example.com/team/app', host)).toEqual([`${host}/mirror/app`]);
  expect(await stage.stores.names.ownedBy('registry.example.com/typo/app', host)).toEqual([]);
});

test('of two images that expected the same target name the later one gets another name at the next attempt', async () => {
  const [first, second] = ['registry.example.com/one/app:v1', 'registry.example.com/two/app:v1'];
  await stage.want(first);
  await stage.want(second);
  const [early, late] = [destinationsOf(await stage.plan(first)), destinationsOf(await stage.plan(second))];
  await copy(first, early);

  const refused = await copy(second, late);
  const again = destinationsOf(await stage.plan(second));
  const taken = await copy(second, again);

  expect(refused.open.map(({ fault }) => fault)).toMatchObject([
    { code: 'target-name', decision: 'retry' },
    { code: 'target-name', decision: 'retry' },
  ]);
  expect(again.every(({ repository }) => repository !== 'mirror/app')).toBe(true);
  expect(taken.open).toEqual([]);
});

test('a database failure during a copy by Docker is no fault of the source or of a target', async () => {
  const image = 'registry.example.com/team/app:v1';
  await stage.want(image);
  const destinations = destinationsOf(await stage.plan(image));
  const claim = async () => await Promise.reject(new DatabaseFault('the database is away', 'connection'));

  await expect(copy(image, destinations, { names: { claim } })).rejects.toMatchObject({
    type: 'database',
    nonRetryable: false,
  });
});

test('a pull of the Docker daemon counts like any other, and waits when the pull allowance is used up', async () => {
  const image = 'registry.example.com/team/app:v1';
  await stage.want(image);
  const destinations = destinationsOf(await stage.plan(image));
  const allowance = { pulls: 1, windowMs: 3_600_000 };
  const pulls = new SourcePulls(stage.stores.budgets, new Map([['registry.example.com', allowance]]));

  const first = await copy(image, destinations, { pulls });
  const [booked] = await stage.stores.budgets.budgets();
  const second = await copy(image, destinations, { pulls });

  expect(first).not.toHaveProperty('sourceFault');
  expect(booked).toMatchObject({ host: 'registry.example.com', pulls: 1, free: 0 });
  expect(second.sourceFault).toMatchObject({ code: 'rate-limited', decision: 'wait' });
  expect(second.sourceFault?.retryAfterMs).toBeGreaterThan(3_000_000);
  expect(second.open.map(({ destination }) => destination.target)).toEqual(['aliyun', 'private']);
});
