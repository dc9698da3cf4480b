import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseImageReference } from '@image-ferry/registry/reference';
import { MockActivityEnvironment } from '@temporalio/testing';
import { onTestFinished } from 'vitest';

import { createCopyActivities } from '../../src/activities/copy-activities.js';
import { createImageActivities } from '../../src/activities/image-activities.js';
import { createRunActivities } from '../../src/activities/run-activities.js';
import { createTagActivities } from '../../src/activities/tag-activities.js';
import { createCopyEngine } from '../../src/composition/copy-engine.js';
import type {
  BatchActivities,
  CopyImageInput,
  CopyImageResult,
  ImageActivities,
  ImagePlan,
  RunActivities,
  SyncImagesResult,
  TagActivities,
} from '../../src/contract/activity-types.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import type { Stores } from '../../src/database/stores.js';
import type { MutableTags } from '../../src/domain/mutable-tags.js';
import type { Target } from '../../src/domain/target.js';
import type { RequestedBy } from '../../src/domain/wanted-image.js';
import type { ScriptedRegistry } from '../support/scripted-registry.js';
import { clientFor, sourceAndTwoTargets } from '../support/scripted-set-up.js';

/** The activities of the main queue over a real database and the real engine, with scripted registries around them. */
export interface ActivityStage {
  readonly source: ScriptedRegistry;
  readonly aliyun: ScriptedRegistry;
  readonly own: ScriptedRegistry;
  readonly database: FerryDatabase;
  readonly stores: Stores;
  readonly pass: RunActivities;
  readonly tags: TagActivities;
  want(
    image: string,
    options?: { readonly platform?: string; readonly by?: RequestedBy['by']; readonly targets?: readonly string[] },
  ): Promise<void>;
  /** An image that an older script pushed to both targets, and its row, which no script ever settles. */
  pushedByScript(image: string): Promise<void>;
  plan(image: string, options?: { readonly lastAttempt?: boolean }): Promise<ImagePlan>;
  copy(input: CopyImageInput): Promise<CopyImageResult>;
  record(...outcome: Parameters<ImageActivities['recordImage']>): Promise<void>;
  /** @param environment of an attempt that is not the first */
  sync(images: readonly string[], environment?: MockActivityEnvironment): Promise<SyncImagesResult>;
  statusOf(image: string): Promise<number | null | undefined>;
}

export interface ActivityStageOptions {
  /** Names of the targets that are reached through a Docker daemon. */
  readonly byDocker?: readonly string[];
  /** Whether a worker has a Docker daemon; default: one has. */
  readonly hasDaemonWorker?: () => boolean;
  readonly mutableTags?: MutableTags;
}

export async function startActivityStage({
  byDocker = [],
  hasDaemonWorker = () => true,
  mutableTags = { patterns: ['latest'], everyMs: 0 },
}: ActivityStageOptions = {}): Promise<ActivityStage> {
  const [source, aliyun, own] = await sourceAndTwoTargets();
  const targets = [targetAt('aliyun', aliyun), targetAt('private', own)].map((target): Target =>
    byDocker.includes(target.name) ? { ...target, engine: 'docker' } : target,
  );
  const folder = mkdtempSync(join(tmpdir(), 'ferry-activities-'));
  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  onTestFinished(async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await migrate(database);
  const stores = createStores(database);
  const engine = createCopyEngine(clientFor([source, aliyun, own]));
  const shared = { ...stores, engine, targets };
  const images = createImageActivities({
    ...shared,
    daemonWorkers: { arePolling: async () => hasDaemonWorker() },
    missingTagWaitMs: 0,
    mutableTags,
  });
  const pass = createRunActivities({ ...shared, poolSize: 8, historyDays: 90 });
  const tags = createTagActivities({ ...shared, tags: stores.tags, mutableTags });
  const copies = createCopyActivities(shared);
  const { queries } = database;

  return {
    source,
    aliyun,
    own,
    database,
    stores,
    pass,
    tags,
    copy: async (input) => await run(copies.copyImage, input),
    async want(image, { platform = 'linux/amd64', by = 'cli', targets: names } = {}) {
      const reference = parseImageReference(image);
      const imageRequest = {
        reference,
        platform,
        requestedBy: { by },
        ...(names === undefined ? {} : { targets: names }),
      };
      await stores.wanted.addWanted([imageRequest]);
    },
    async pushedByScript(image) {
      const { host, path, tag = 'latest' } = parseImageReference(image);
      const [namespace = '', ...rest] = path.split('/');
      const names = { source_registry_url: host, orig_name_space: namespace };
      const orig = { ...names, orig_image_name: `${rest.join('/')}:${tag}`, platform: 'linux/amd64' };
      await queries
        .insertInto('images_for_push')
        .values({ ...orig, push_status: 0 })
        .execute();
      for (const { registry } of targets) {
        const pushed = { target_registry_url: registry, targ_name_space: 'mirror', push_status: 1 };
        const name = `${registry}/mirror/${rest.join('/')}:${tag}`;
        await queries
          .insertInto('pushed_images')
          .values({ ...orig, ...pushed, registry_image_name: name })
          .execute();
      }
      await stores.wanted.normalizeRows();
    },
    plan: async (image, options = {}) => await run(images.planImage, { image, ...options }),
    record: async (input) => void (await run(images.recordImage, input)),
    sync: async (names, environment = new MockActivityEnvironment()) =>
      await environment.run<Parameters<BatchActivities['syncImages']>, SyncImagesResult, BatchActivities['syncImages']>(
        images.syncImages,
        {
          run: 'run',
          images: names,
        },
      ),
    async statusOf(image) {
      const rows = await queries
        .selectFrom('images_for_push')
        .select('push_status')
        .where('image', '=', image)
        .execute();
      return rows[0]?.push_status;
    },
  };
}

/** Runs an activity; the environment loses the type of what it gives. */
export async function run<I, O>(activity: (input: I) => Promise<O>, input: I): Promise<O> {
  return await new MockActivityEnvironment().run<[I], O, (input: I) => Promise<O>>(activity, input);
}

/** Records that everything that a plan wanted arrived; what only a daemon may see, from `foundDigest`. */
export async function settle(
  stage: ActivityStage,
  image: string,
  plan: ImagePlan,
  foundDigest = `sha256:${'d'.repeat(64)}`,
): Promise<void> {
  if (plan.kind !== 'planned') throw new Error(`${image} is not to be copied`);
  const { sourceDigest = foundDigest, rows, readAt } = plan;
  const targets = plan.open.map(({ destination: { target, host, repository, tag } }) => ({
    target,
    state: 'pushed' as const,
    reference: `${host}/${repository}:${tag}`,
    digest: sourceDigest,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    platforms: [],
    dropped: [],
    uploadedBlobs: 0,
    mountedBlobs: 0,
    skippedBlobs: 0,
    bytesSent: 0,
  }));
  const outcome = { image, sourceDigest, rows, targets, missingPlatforms: [], bytesRead: 0 };
  await stage.record({ outcome, run: 'run', readAt: readAt + 1 });
}

export function requestsOf({ requests }: ScriptedRegistry): readonly string[] {
  return requests.map(({ method, path }) => `${method} ${path}`);
}

function targetAt(name: string, { host }: ScriptedRegistry): Target {
  return {
    name,
    registry: host,
    namespace: 'mirror',
    naming: 'aliyun',
    manifestPolicy: 'keep',
    explicitNames: {},
  };
}
