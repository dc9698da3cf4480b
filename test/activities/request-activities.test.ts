import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Logger, LogMetadata } from '@temporalio/worker';
import { expect, test } from 'vitest';

import { createRequestActivities } from '../../src/activities/request-activities.js';
import type { RequestActivities } from '../../src/contract/activity-types.js';

type AddImages = RequestActivities['addImages'];

test('each refused reference of a delivery is logged with its reason and without passwords, once', async () => {
  const { logged, logger } = recordingLogger();
  const addImages = activityOf();
  const images = ['nginx:1.27', 'evil.example/app:1', 'robot:hunter2@ghcr.io/org/app:1'];

  const first = await run(addImages, logger, { images, delivery: 'd-1', owner: 'run-1' });
  const redelivered = await run(addImages, logger, { images, delivery: 'd-1', owner: 'run-2' });

  expect([first.repeated, redelivered.repeated]).toEqual([false, true]);
  expect(logged).toMatchObject([
    {
      level: 'WARN',
      message: 'reference refused',
      delivery: 'd-1',
      asked: 'evil.example/app:1',
      reason: 'not allowed',
    },
    { level: 'WARN', delivery: 'd-1', asked: 'robot:***@ghcr.io/org/app:1' },
  ]);
  expect(logged[1]?.['reason']).toContain('contains a user name or a password');
  expect(JSON.stringify(logged)).not.toContain('hunter2');
});

test('an attempt that fails in the database logs no refusal: the next one does', async () => {
  const { logged, logger } = recordingLogger();
  const failures = [new Error('the database is away')];
  const addImages = activityOf(failures);
  const input = { images: ['nginx:1.27', 'evil.example/app:1'], delivery: 'd-1', owner: 'run-1' };

  await expect(run(addImages, logger, input)).rejects.toThrow('the database is away');
  const before = logged.length;
  await run(addImages, logger, input);

  expect([before, logged.length]).toEqual([0, 1]);
});

/** Deliveries are kept as the database keeps them: by the owner that came first. */
function activityOf(failures: Error[] = []): AddImages {
  const owners = new Map<string, string>();
  return createRequestActivities({
    sources: {
      refusals: async (references) =>
        references.map(({ host }) => (host === 'evil.example' ? 'not allowed' : undefined)),
    },
    platforms: ['linux/amd64'],
    requester: { requestSync: async () => undefined, requestSyncAt: async () => undefined },
    deliveries: {
      async record({ id, owner }) {
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
        if ((owners.get(id) ?? owner) !== owner) return undefined;
        owners.set(id, owner);
        return [];
      },
    },
  }).addImages;
}

async function run(addImages: AddImages, logger: Logger, input: Parameters<AddImages>[0]) {
  return await new MockActivityEnvironment(undefined, { logger }).run<
    Parameters<AddImages>,
    Awaited<ReturnType<AddImages>>,
    AddImages
  >(addImages, input);
}

function recordingLogger() {
  const logged: LogMetadata[] = [];
  const logger = new DefaultLogger('DEBUG', ({ level, message, meta }) => {
    // Temporal's own message about an attempt that failed is none of these.
    if (message === 'reference refused') logged.push({ ...meta, level, message });
  });
  return { logged, logger };
}
