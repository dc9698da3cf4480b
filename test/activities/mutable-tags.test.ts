import { describe, expect, test } from 'vitest';

import { createTagActivities } from '../../src/activities/tag-activities.js';
import { DatabaseFault } from '../../src/database/database-fault.js';
import { beforeFirstRow, PushStatus } from '../../src/domain/wanted-image.js';
import { describe as describeBlob, mediaTypes, placeImage, placeManifest } from '../support/scripted-images.js';
import type { PlacedImage } from '../support/scripted-images.js';
import type { ScriptedRegistry } from '../support/scripted-registry.js';
import { requestsOf, run, settle, startActivityStage } from './activity-stage.js';
import type { ActivityStage } from './activity-stage.js';

const hourMs = 3_600_000;

describe('tags that move at their source', () => {
  test('the check of an unchanged mutable tag costs one HEAD at the source and no request to its targets, and other tags cost nothing', async () => {
    const stage = await startActivityStage();
    await pushed(stage, 'team/app:latest', 'team/app:1.0', 'team/tool:latest');
    forget(stage);

    const found = await run(stage.tags.findMovedTags, { startedAt: Date.now() + hourMs, after: beforeFirstRow });

    expect(found).toEqual({ moved: 0, unchecked: [], uncheckedCount: 0 });
    expect([...requestsOf(stage.source)].sort()).toEqual([
      'HEAD /v2/team/app/manifests/latest',
      'HEAD /v2/team/tool/manifests/latest',
    ]);
    expect([...stage.aliyun.requests, ...stage.own.requests]).toEqual([]);
  });

  test('a mutable tag that moved at its source is copied again, and its history keeps the digest that it pointed to before', async () => {
    const stage = await startActivityStage();
    const image = `${stage.source.host}/team/app:latest`;
    const [before] = await pushed(stage, 'team/app:latest');
    const { digest: after } = placeImage(stage.source, 'team/app', { tag: 'latest' });

    const { moved } = await run(stage.tags.findMovedTags, { startedAt: Date.now() + hourMs, after: beforeFirstRow });
    const status = await stage.statusOf(image);
    await copyPending(stage, image, 'second');
    const { queries } = stage.database;
    const history = await queries.selectFrom('run_outcomes').selectAll().where('target', '=', 'aliyun').execute();

    expect([moved, status]).toEqual([1, PushStatus.pending]);
    expect(stage.aliyun.manifest('mirror/app', 'latest')).toEqual(stage.source.manifest('team/app', 'latest'));
    expect(history.map(({ run: name, digest, replaced }) => [name, digest, replaced])).toEqual([
      ['first', before, null],
      ['second', after, before],
    ]);
  });

  test('with a backup tag configured, the image that a moved tag pointed to keeps a tag of its own, and no blob is copied for it', async () => {
    const stage = await startActivityStage({
      mutableTags: { patterns: ['*'], everyMs: 0, backupTag: '{tag}-{yyyymmddhhmmss}' },
    });
    const image = `${stage.source.host}/team/app:1.0`;
    const [before] = await pushed(stage, 'team/app:1.0');
    placeImage(stage.source, 'team/app', { tag: '1.0' });
    await run(stage.tags.findMovedTags, { startedAt: Date.now() + hourMs, after: beforeFirstRow });
    stage.aliyun.requests.length = 0;

    await copyPending(stage, image, 'second');
    const { queries } = stage.database;
    const copies = await queries.selectFrom('image_copies').select(['replaced', 'backup']).execute();

    const backup = copies[0]?.backup ?? '';
    expect(copies.map(({ replaced }) => replaced)).toEqual([before, before]);
    expect(backup).toMatch(/\/mirror\/app:1\.0-20\d{12}$/);
    const kept = stage.aliyun.manifest('mirror/app', backup.slice(backup.lastIndexOf(':') + 1));
    expect(kept).toEqual(stage.aliyun.manifest('mirror/app', before ?? ''));
    const puts = requestsOf(stage.aliyun).filter((request) => request.startsWith('PUT /v2/mirror/app/manifests/'));
    expect(puts).toEqual([expect.stringContaining('/manifests/1.0-20'), 'PUT /v2/mirror/app/manifests/1.0']);
  });

  test('a mutable tag that an older script copied is compared with its source at the first check, and copied when it moves later', async () => {
    const stage = await startActivityStage();
    const image = `${stage.source.host}/team/app:latest`;
    const layers = [Buffer.from('the same')];
    for (const registry of [stage.source, stage.aliyun, stage.own]) {
      placeImage(registry, registry === stage.source ? 'team/app' : 'mirror/app', { tag: 'latest', layers });
    }
    await stage.pushedByScript(image);
    await stage.plan(image);

    const first = await run(stage.tags.findMovedTags, { startedAt: Date.now(), after: beforeFirstRow });
    placeImage(stage.source, 'team/app', { tag: 'latest' });
    const second = await run(stage.tags.findMovedTags, { startedAt: Date.now() + hourMs, after: beforeFirstRow });

    expect([first.moved, second.moved]).toEqual([0, 1]);
    expect(await stage.plan(image)).toMatchObject({ kind: 'planned', open: [{}, {}] });
  });

  test('a mutable tag that an older script copied and that differs from its source is copied in the run that takes it over', async () => {
    const stage = await startActivityStage();
    const image = `${stage.source.host}/team/app:latest`;
    const { digest } = placeImage(stage.source, 'team/app', { tag: 'latest' });
    for (const registry of [stage.aliyun, stage.own]) placeImage(registry, 'mirror/app', { tag: 'latest' });
    await stage.pushedByScript(image);
    const startedAt = Date.now();
    const taken = await run(stage.pass.adoptPresent, { after: beforeFirstRow });

    const { moved } = await run(stage.tags.findMovedTags, { startedAt, after: beforeFirstRow });

    expect([taken.adopted, moved]).toEqual([1, 1]);
    expect(await stage.plan(image)).toMatchObject({ kind: 'planned', sourceDigest: digest, open: [{}, {}] });
  });

  test('a mutable tag that a Docker daemon has repacked counts as equal to its source, and is not copied again', async () => {
    const stage = await startActivityStage();
    const image = `${stage.source.host}/team/app:latest`;
    const placed = placeImage(stage.source, 'team/app', { tag: 'latest' });
    for (const registry of [stage.aliyun, stage.own]) repack(stage.source, placed, registry);
    await stage.pushedByScript(image);
    await run(stage.pass.adoptPresent, { after: beforeFirstRow });

    const { moved } = await run(stage.tags.findMovedTags, { startedAt: Date.now(), after: beforeFirstRow });

    expect(moved).toBe(0);
    expect(await stage.statusOf(image)).toBe(PushStatus.pushed);
  });

  test('a mutable tag that was checked within the interval, or by this run, is not checked again', async () => {
    const stage = await startActivityStage({ mutableTags: { patterns: ['*'], everyMs: hourMs } });
    await pushed(stage, 'team/app:1.0');
    forget(stage);

    await run(stage.tags.findMovedTags, { startedAt: Date.now(), after: beforeFirstRow });
    const early = requestsOf(stage.source);
    await run(stage.tags.findMovedTags, { startedAt: Date.now() + 2 * hourMs, after: beforeFirstRow });

    expect(early).toEqual([]);
    expect(requestsOf(stage.source)).toEqual(['HEAD /v2/team/app/manifests/1.0']);
  });

  test('a source that cannot be checked for moved tags is reported, receives one request, and changes no row', async () => {
    const stage = await startActivityStage({ mutableTags: { patterns: ['*'], everyMs: 0 } });
    const names = Array.from({ length: 12 }, (_, n) => `team/app:${n}`);
    await pushed(stage, ...names);
    stage.source.when('HEAD', /manifests/, ({ response }) => void response.writeHead(429).end());
    forget(stage);

    const found = await run(stage.tags.findMovedTags, { startedAt: Date.now() + hourMs, after: beforeFirstRow });
    const statuses = await Promise.all(names.map(async (name) => await stage.statusOf(`${stage.source.host}/${name}`)));

    expect(found).toMatchObject({ moved: 0, uncheckedCount: 12 });
    expect(found.unchecked[0]?.fault.code).toBe('rate-limited');
    expect(new Set(requestsOf(stage.source)).size).toBe(1);
    expect(new Set(statuses)).toEqual(new Set([PushStatus.pushed]));
  });

  test('a row whose image another program made unreadable is reported, and the mutable tags of other images are still checked', async () => {
    const stage = await startActivityStage({ mutableTags: { patterns: ['*'], everyMs: 0 } });
    await pushed(stage, 'team/app:1', 'team/app:2');
    const image = `${stage.source.host}/team/app:1`;
    const { queries } = stage.database;
    await queries.updateTable('images_for_push').set({ image: 'no reference::1' }).where('image', '=', image).execute();
    placeImage(stage.source, 'team/app', { tag: '2' });

    const found = await run(stage.tags.findMovedTags, { startedAt: Date.now() + hourMs, after: beforeFirstRow });

    expect(found).toMatchObject({ moved: 1, uncheckedCount: 1 });
    expect(found.unchecked[0]).toMatchObject({ image: 'no reference::1', fault: { code: 'invalid-reference' } });
  });

  test('the source of a mutable tag that goes only to targets behind a daemon receives no requests', async () => {
    const stage = await startActivityStage({ byDocker: ['private'] });
    const image = `${stage.source.host}/team/app:latest`;
    await stage.want(image, { targets: ['private'] });
    await settle(stage, image, await stage.plan(image));
    await pushed(stage, 'team/tool:latest');
    forget(stage);

    await run(stage.tags.findMovedTags, { startedAt: Date.now() + hourMs, after: beforeFirstRow });

    expect(await stage.statusOf(image)).toBe(PushStatus.pushed);
    expect(requestsOf(stage.source)).toEqual(['HEAD /v2/team/tool/manifests/latest']);
  });

  test('a database failure during the check for moved tags is no fault of a source: the whole check is retried', async () => {
    const stage = await startActivityStage();
    await pushed(stage, 'team/app:latest');
    const fault = new DatabaseFault('the database is away', 'connection');
    const { findMovedTags } = createTagActivities({
      tags: stage.stores.tags,
      engine: {
        resolve: async () => await Promise.reject(fault),
        look: async () => await Promise.reject(fault),
        isSame: async () => await Promise.reject(fault),
      },
      mutableTags: { patterns: ['latest'], everyMs: 0 },
      targets: [],
    });

    const look = run(findMovedTags, { startedAt: Date.now() + hourMs, after: beforeFirstRow });

    await expect(look).rejects.toMatchObject({ type: 'database', nonRetryable: false });
  });
});

/** Copies images of the source to both targets, in the run `first`. @returns the digest of each */
async function pushed(stage: ActivityStage, ...names: string[]): Promise<string[]> {
  const digests: string[] = [];
  for (const name of names) {
    const [repository = '', tag = ''] = name.split(':');
    digests.push(placeImage(stage.source, repository, { tag }).digest);
    const image = `${stage.source.host}/${name}`;
    await stage.want(image, { by: 'upstream' });
    await copyPending(stage, image, 'first');
  }
  return digests;
}

async function copyPending(stage: ActivityStage, image: string, runId: string): Promise<void> {
  const plan = await stage.plan(image);
  if (plan.kind !== 'planned' || plan.sourceDigest === undefined) throw new Error(`${image} is not to be copied`);
  const { sourceDigest, platforms, rows, readAt } = plan;
  const destinations = plan.open.map(({ destination }) => destination);
  const { done } = await stage.copy({ image, sourceDigest, platforms, destinations });
  const outcome = { image, sourceDigest, rows, targets: done, missingPlatforms: [], bytesRead: 0 };
  await stage.record({ outcome, run: runId, readAt });
}

function forget({ source, aliyun, own }: ActivityStage): void {
  for (const registry of [source, aliyun, own]) registry.requests.length = 0;
}

/** The same config over layers that were compressed in another way: another manifest, and the same image. */
function repack(source: ScriptedRegistry, { config, platform }: PlacedImage, registry: ScriptedRegistry): void {
  const bytes = source.blob('team/app', config);
  if (bytes === undefined) throw new Error('the config is not there');
  registry.putBlob('mirror/app', bytes);
  const layer = Buffer.from(`packed again for ${platform.architecture}`);
  registry.putBlob('mirror/app', layer);
  const content = {
    schemaVersion: 2,
    config: describeBlob(mediaTypes.config, bytes),
    layers: [describeBlob(mediaTypes.layer, layer)],
  };
  placeManifest(registry, 'mirror/app', { tag: 'latest', mediaType: mediaTypes.manifest, content });
}
