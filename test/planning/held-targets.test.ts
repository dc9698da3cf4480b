import { beforeEach, describe, expect, test } from 'vitest';

import type { ImagePlan } from '../../src/contract/activity-types.js';
import { PushStatus } from '../../src/domain/wanted-image.js';
import { requestsOf, startActivityStage } from '../activities/activity-stage.js';
import type { ActivityStage } from '../activities/activity-stage.js';
import { placeImage, placeIndex } from '../support/scripted-images.js';
import type { PlacedImage } from '../support/scripted-images.js';
import { sha256 } from '../support/scripted-registry.js';
import type { ScriptedRegistry } from '../support/scripted-registry.js';

let stage: ActivityStage;
let image: string;

beforeEach(async () => {
  stage = await startActivityStage();
  image = `${stage.source.host}/team/app:v1`;
});

describe('where one target lacks an image that another has', () => {
  test('a target that lacks an image gets the digest that the other target has and keeps, though the tag has moved since', async () => {
    const { source, aliyun, own } = stage;
    const then = placeImage(source, 'team/app');
    copyTo(aliyun, then);
    placeImage(source, 'team/app');
    await pushedByScript([[aliyun, `team/app@${then.digest}`]]);

    const plan = await copied();

    expect(plan).toMatchObject({ sourceDigest: then.digest, open: [{ destination: { target: 'private' } }] });
    expect(plan).toHaveProperty('from', undefined);
    expect([tagOn(aliyun), tagOn(own)]).toEqual([then.digest, then.digest]);
    expect(putsOf(aliyun)).toEqual([]);
    expect(await stage.statusOf(image)).toBe(PushStatus.pushed);
  });

  test('a target that lacks an image gets it from the other target, byte for byte, when the source no longer has that digest', async () => {
    const { source, aliyun, own } = stage;
    const lost = placeImage(aliyun, 'mirror/app');
    placeImage(source, 'team/app');
    await pushedByScript([[aliyun, '未知']]);

    const plan = await copied();

    expect(plan).toMatchObject({ from: `${aliyun.host}/mirror/app@${lost.digest}`, platforms: 'all' });
    expect(own.manifest('mirror/app', 'v1')).toEqual(aliyun.manifest('mirror/app', 'v1'));
    expect(putsOf(aliyun)).toEqual([]);
    const [row] = await stage.database.queries.selectFrom('images_for_push').selectAll().execute();
    // What another target has says nothing about the source.
    expect(row).toMatchObject({ push_status: PushStatus.pushed, source_digest: null });
  });

  test('a target whose tag holds only another platform does not lose it to the image of the target that has the wanted one', async () => {
    const { source, aliyun, own } = stage;
    const then = placeImage(source, 'team/app');
    copyTo(aliyun, then);
    placeImage(own, 'mirror/app', { architecture: 'arm64' });
    const before = tagOn(own);
    await pushedByScript([[aliyun, `team/app@${then.digest}`]]);

    const plan = await stage.plan(image);

    const fault = { code: 'target-tag-taken', reason: expect.stringContaining('linux/arm64') as string };
    expect(plan).toMatchObject({ kind: 'left', left: [{ target: 'private', fault }] });
    expect(tagOn(own)).toBe(before);
    expect(await stage.statusOf(image)).toBe(PushStatus.pending);
  });

  test('a target without a row that has every wanted platform already keeps its tag, and nothing is copied over it', async () => {
    const { source, aliyun, own } = stage;
    const then = placeImage(source, 'team/app');
    copyTo(aliyun, then);
    twoPlatforms(own);
    const before = tagOn(own);
    await pushedByScript([[aliyun, `team/app@${then.digest}`]]);

    const plan = await stage.plan(image);

    expect(plan).toMatchObject({ kind: 'adopted', targets: [{ target: 'aliyun' }, { target: 'private' }] });
    expect(tagOn(own)).toBe(before);
    expect([...putsOf(aliyun), ...putsOf(own)]).toEqual([]);
    expect(await stage.statusOf(image)).toBe(PushStatus.pushed);
  });

  test('a target that lacks an image gets nothing while neither source nor target provides it, with the reason, and a retry copies what the source has now', async () => {
    const { source, aliyun, own } = stage;
    placeImage(aliyun, 'mirror/app');
    const now = placeImage(source, 'team/app');
    await pushedByScript([[aliyun, '']]);
    let isForbidden = true;
    for (const method of ['HEAD', 'GET']) {
      aliyun.when(method, /manifests/, ({ response, ordinary }) =>
        isForbidden ? void response.writeHead(403).end() : ordinary(),
      );
    }

    const plan = await stage.plan(image);
    isForbidden = false;
    await stage.stores.actions.retry(image);
    const retried = await copied();

    const left = plan.kind === 'left' ? plan.left : [];
    expect(left).toMatchObject([
      { target: 'aliyun', fault: { code: 'denied' } },
      { target: 'private', fault: { decision: 'block' } },
    ]);
    expect(left[1]?.fault.reason).toContain(`"ferry retry ${image}"`);
    expect(retried).toMatchObject({ force: true, sourceDigest: now.digest });
    expect([tagOn(aliyun), tagOn(own)]).toEqual([now.digest, now.digest]);
  });

  test('a backfill leaves what the ferry itself pushed as it is, and brings the new target the same', async () => {
    const { source, aliyun, own } = stage;
    const then = placeImage(source, 'team/app');
    await stage.want(image, { targets: ['aliyun'] });
    await copied();
    const now = placeImage(source, 'team/app');
    await stage.database.queries.updateTable('images_for_push').set({ targets: null }).execute();
    await stage.stores.actions.backfill({ name: 'private' });
    aliyun.requests.length = 0;

    await copied();
    const after = [tagOn(aliyun), tagOn(own)];
    const puts = putsOf(aliyun);
    await stage.want(image);
    await copied();

    expect(after).toEqual([then.digest, then.digest]);
    expect(puts).toEqual([]);
    // After a request by a user, both are updated.
    expect([tagOn(aliyun), tagOn(own)]).toEqual([now.digest, now.digest]);
  });

  test('a mutable tag that one target lacks is updated on both targets when it has moved at the source', async () => {
    const { source, aliyun, own } = stage;
    image = `${source.host}/team/app:latest`;
    placeImage(aliyun, 'mirror/app', { tag: 'latest' });
    const now = placeImage(source, 'team/app', { tag: 'latest' });
    await pushedByScript([[aliyun, '']]);

    await copied();

    expect([tagOn(aliyun), tagOn(own)]).toEqual([now.digest, now.digest]);
  });
});

describe('a fresh database over targets that are full', () => {
  test('with a fresh database an index with two platforms on a target is not replaced by a single platform, and the result says how to force it', async () => {
    const { source, aliyun, own } = stage;
    for (const registry of [source, aliyun, own]) twoPlatforms(registry);
    const before = [tagOn(aliyun), tagOn(own)];
    await stage.want(image);

    const plan = await stage.plan(image);

    expect(plan).toMatchObject({ kind: 'adopted', targets: [{ target: 'aliyun' }, { target: 'private' }] });
    const [first] = plan.kind === 'adopted' ? plan.targets : [];
    expect(first).toMatchObject({ note: expect.stringContaining(`"ferry retry ${image}" replaces it`) as string });
    expect(first).toMatchObject({ note: expect.stringContaining('--platform linux/amd64,linux/arm64') as string });
    expect([tagOn(aliyun), tagOn(own)]).toEqual(before);
    expect([...putsOf(aliyun), ...putsOf(own)]).toEqual([]);
    expect(await stage.statusOf(image)).toBe(PushStatus.pushed);
    const { items } = await stage.stores.status.listPushed();
    expect(items).toMatchObject([{ image, platforms: [{ platform: 'linux/amd64' }] }, { image }]);
  });

  test('with a fresh database an image on a target whose source has moved since is adopted with a note, and a retry replaces it', async () => {
    const { source, aliyun, own } = stage;
    const old = placeImage(aliyun, 'mirror/app');
    copyTo(own, old, aliyun, 'mirror/app');
    const now = placeImage(source, 'team/app');
    await stage.want(image);

    const plan = await stage.plan(image);
    const kept = [tagOn(aliyun), tagOn(own)];
    await stage.stores.actions.retry(image);
    await copied();

    expect(plan).toMatchObject({
      kind: 'adopted',
      targets: [{ note: expect.stringContaining(now.digest) as string }, {}],
    });
    expect(kept).toEqual([old.digest, old.digest]);
    expect([tagOn(aliyun), tagOn(own)]).toEqual([now.digest, now.digest]);
  });

  test('with a fresh database a wanted platform that a tag lacks is added, and the other platforms of the tag stay', async () => {
    const { source, aliyun, own } = stage;
    twoPlatforms(source);
    for (const registry of [aliyun, own]) placeImage(registry, 'mirror/app');
    await stage.want(image, { platform: 'linux/arm64' });

    const plan = await copied();

    expect(plan).toMatchObject({ platforms: ['linux/arm64', 'linux/amd64'] });
    expect([tagOn(aliyun), tagOn(own)]).toEqual([tagOn(source, 'team/app'), tagOn(source, 'team/app')]);
  });
});

test('a platform that is added to an image is not reported as a replacement, and one whose source has moved is', async () => {
  const { source } = stage;
  twoPlatforms(source);
  await stage.want(image);
  await copied();
  await stage.want(image, { platform: 'linux/arm64' });
  await copied();
  const added = await stage.stores.status.status(image);
  placeImage(source, 'team/app');
  await stage.want(image);
  await copied();
  const moved = await stage.stores.status.status(image);

  expect(added.copies.map(({ replaced }) => replaced)).toEqual([undefined, undefined]);
  expect(added.pushed[0]?.platforms).toHaveLength(2);
  expect(moved.copies.map(({ replaced }) => typeof replaced)).toEqual(['string', 'string']);
});

/** A pending row as a script leaves it, and what it wrote of the targets that it pushed to. */
async function pushedByScript(names: readonly (readonly [ScriptedRegistry, string])[]): Promise<void> {
  const { source, database, stores } = stage;
  const tag = image.split(':').at(-1) ?? '';
  const row = { source_registry_url: source.host, orig_name_space: 'team', orig_image_name: `app:${tag}` };
  await database.queries
    .insertInto('images_for_push')
    .values({ ...row, push_status: 0 })
    .execute();
  for (const [{ host }, digest] of names) {
    const name = {
      target_registry_url: host,
      registry_image_name: `${host}/mirror/app:${tag}`,
      push_status: 1,
      digest,
    };
    await database.queries
      .insertInto('pushed_images')
      .values({ ...row, ...name, platform: 'linux/amd64' })
      .execute();
  }
  await stores.wanted.normalizeRows();
}

/** Plans, copies and records, as a `SyncImage` does. */
async function copied(): Promise<ImagePlan> {
  const plan = await stage.plan(image);
  if (plan.kind !== 'planned' || plan.sourceDigest === undefined) {
    throw new Error(`${image} is not to be copied: ${JSON.stringify(plan)}`);
  }
  const { sourceDigest, platforms, rows, readAt, from, force } = plan;
  const { done, sourceFault } = await stage.copy({
    image,
    sourceDigest,
    platforms,
    destinations: plan.open.map(({ destination }) => destination),
    ...(from === undefined ? {} : { from }),
    ...(force === undefined ? {} : { force }),
  });
  if (sourceFault !== undefined) throw new Error(sourceFault.reason);
  const source = from === undefined ? { sourceDigest } : {};
  const outcome = { image, ...source, rows, targets: [...plan.done, ...done], missingPlatforms: [], bytesRead: 0 };
  await stage.record({ outcome, run: 'run', readAt });
  return plan;
}

function tagOn(registry: ScriptedRegistry, repository = 'mirror/app'): string | undefined {
  const manifest = registry.manifest(repository, image.split(':').at(-1) ?? '');
  return manifest === undefined ? undefined : sha256(manifest.bytes);
}

function putsOf(registry: ScriptedRegistry): readonly string[] {
  return requestsOf(registry).filter((request) => !request.startsWith('HEAD') && !request.startsWith('GET'));
}

function copyTo(
  registry: ScriptedRegistry,
  placed: PlacedImage,
  from: ScriptedRegistry = stage.source,
  repository = 'team/app',
): void {
  for (const digest of [placed.config, ...placed.layers]) {
    const blob = from.blob(repository, digest);
    if (blob === undefined) throw new Error(`${digest} is not there`);
    registry.putBlob('mirror/app', blob);
  }
  registry.putManifest('mirror/app', 'v1', placed);
}

function twoPlatforms(registry: ScriptedRegistry): void {
  const repository = registry === stage.source ? 'team/app' : 'mirror/app';
  const layers = [Buffer.from('the same everywhere')];
  const children = ['amd64', 'arm64'].map((architecture) =>
    placeImage(registry, repository, { tag: architecture, architecture, layers }),
  );
  placeIndex(registry, repository, children);
}
