import type { CopyReport, CopyTarget } from '@image-ferry/registry';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, test } from 'vitest';

import { createCopyActivities } from '../../src/activities/copy-activities.js';
import type {
  CopyActivities,
  CopyHeartbeat,
  CopyImageInput,
  CopyImageResult,
} from '../../src/contract/activity-types.js';
import { FerryError } from '../../src/domain/ferry-error.js';
import type { Target } from '../../src/domain/target.js';
import type { CopyEngine } from '../../src/planning/engine-ports.js';

const digest = `sha256:${'a'.repeat(64)}` as const;
const targets: readonly Target[] = [
  {
    name: 'aliyun',
    registry: 'registry.example.com',
    namespace: 'team',
    naming: 'aliyun',
    manifestPolicy: 'drop',
    explicitNames: {},
  },
];
const input = {
  image: 'docker.io/library/nginx:1.27',
  sourceDigest: digest,
  platforms: ['linux/amd64'],
  destinations: [{ target: 'aliyun', host: 'registry.example.com', repository: 'team/nginx', tag: '1.27' }],
} as const;

function activities(copy: CopyEngine['copy']) {
  return createCopyActivities({ engine: { copy }, targets });
}

/** The environment loses the type of what the activity gives. */
async function run(
  environment: MockActivityEnvironment,
  copyImage: CopyActivities['copyImage'],
): Promise<CopyImageResult> {
  return await environment.run<[CopyImageInput], CopyImageResult, CopyActivities['copyImage']>(copyImage, input);
}

function reportOn([target]: readonly CopyTarget[]): CopyReport {
  return {
    sourceDigest: digest,
    missingPlatforms: [],
    bytesRead: 100,
    failures: [],
    targets: [
      {
        target: target?.name ?? '',
        reference: 'registry.example.com/team/nginx:1.27',
        digest,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        platforms: [{ platform: 'linux/amd64', digest, size: 100 }],
        alreadyThere: false,
        dropped: [],
        outcome: 'copied',
        uploadedBlobs: 1,
        mountedBlobs: 0,
        skippedBlobs: 1,
        bytesSent: 100,
      },
    ],
  };
}

describe('the activity that copies an image', () => {
  test('the copy activity gives the engine the policy of each target, and returns what arrived', async () => {
    const seen: CopyTarget[] = [];
    const { copyImage } = activities(async (request) => {
      seen.push(...request.targets);
      return reportOn(request.targets);
    });

    const result = await run(new MockActivityEnvironment(), copyImage);

    expect(seen).toEqual([
      { name: 'aliyun', host: 'registry.example.com', repository: 'team/nginx', tag: '1.27', manifestPolicy: 'drop' },
    ]);
    expect(result.done).toMatchObject([{ target: 'aliyun', state: 'pushed', digest, uploadedBlobs: 1 }]);
    expect(result.open).toEqual([]);
  });

  test('the copy activity counts the bytes that an attempt before a crash had read', async () => {
    const beats: CopyHeartbeat[] = [];
    const heartbeatDetails: CopyHeartbeat = { bytesRead: 1_000, bytesSent: 900, finished: [`aliyun ${digest}`] };
    const environment = new MockActivityEnvironment({ attempt: 2, heartbeatDetails });
    environment.on('heartbeat', (details: CopyHeartbeat) => beats.push(details));
    const { copyImage } = activities(async (request, options) => {
      options?.onProgress?.({ type: 'read', digest, bytes: 50 });
      return reportOn(request.targets);
    });

    const result = await run(environment, copyImage);

    expect(result.bytesRead).toBe(1_050);
    expect(beats[0]).toEqual(heartbeatDetails);
    expect(beats.at(-1)).toMatchObject({ bytesRead: 1_050, finished: [`aliyun ${digest}`] });
  });

  test('the copy activity ignores an unreadable heartbeat of another version', async () => {
    const { copyImage } = activities(async (request) => reportOn(request.targets));

    const result = await run(new MockActivityEnvironment({ heartbeatDetails: 'of old' }), copyImage);

    expect(result.bytesRead).toBe(0);
  });

  test('cancelling the copy activity aborts the transfer, and it ends as cancelled whatever the engine threw', async () => {
    const environment = new MockActivityEnvironment();
    const { copyImage } = activities(
      async (_request, options) =>
        await new Promise((_resolve, reject) => {
          options?.signal?.addEventListener('abort', () => reject(new Error('socket hang up')));
          environment.cancel('CANCELLED');
        }),
    );

    await expect(run(environment, copyImage)).rejects.toBeInstanceOf(CancelledFailure);
  });

  test('a source fault during a copy leaves every target open and is a value, not a failure of the activity', async () => {
    const { copyImage } = activities(async () => {
      throw new FerryError('source docker.io answered 503', { code: 'server-error', decision: 'retry' });
    });

    const result = await run(new MockActivityEnvironment(), copyImage);

    expect(result.sourceFault).toMatchObject({ code: 'server-error', decision: 'retry' });
    expect(result.open).toEqual([{ destination: input.destinations[0] }]);
  });

  test('a bug during a copy is a failure of the activity under its own name', async () => {
    const { copyImage } = activities(async () => {
      throw new TypeError('x is not a function');
    });

    const failure = await run(new MockActivityEnvironment(), copyImage).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: 'TypeError', nonRetryable: false });
  });
});
