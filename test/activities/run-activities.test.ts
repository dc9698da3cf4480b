import { expect, test } from 'vitest';

import { beforeFirstRow } from '../../src/domain/wanted-image.js';
import { uploadOf } from '../database/store-fixture.js';
import { run, startActivityStage } from './activity-stage.js';

test('listing pending images reads a row again if another program changed its image, and blocks an unreadable reference once', async () => {
  const stage = await startActivityStage();
  const names = ['app:1', 'app:2', 'app:3'].map((name) => `${stage.source.host}/team/${name}`);
  for (const name of names) await stage.want(name);
  const write = async (id: number, columns: { image: string; orig_image_name?: string }) =>
    await stage.database.queries.updateTable('images_for_push').set(columns).where('id', '=', id).execute();
  await write(1, { image: 'no reference::1' });
  await write(2, { image: 'no reference::2', orig_image_name: 'no reference::2' });
  const look = { startedAt: Date.now(), limit: 100, after: beforeFirstRow };

  const first = await run(stage.pass.findPending, look);
  const second = await run(stage.pass.findPending, look);
  const { items } = await stage.stores.status.listWanted('blocked');

  expect([...first.asked].sort()).toEqual([names[0], names[2]]);
  expect([first.refused.count, second.refused.count]).toEqual([1, 0]);
  expect(first.refused.first).toMatchObject([{ to: 'blocked', code: 'invalid-reference' }]);
  expect(second.asked).toEqual(first.asked);
  expect(items).toMatchObject([{ id: 2, state: 'blocked', code: 'invalid-reference' }]);
});

test('the end of a run cancels uploads that no copy will continue, and keeps the others', async () => {
  const stage = await startActivityStage();
  const uploadTo = (repository: string) =>
    uploadOf(`sha256:${'1'.repeat(64)}`, {
      registry: stage.own.host,
      repository,
      location: `${stage.own.url}/v2/${repository}/blobs/uploads/1`,
    });
  await stage.stores.uploads.save(uploadTo('mirror/old'));
  await stage.database.queries.updateTable('upload_sessions').set({ saved_at: 1 }).execute();
  await stage.stores.uploads.save(uploadTo('mirror/new'));

  await run(stage.pass.pruneHistory, undefined);

  expect(stage.own.count('DELETE', /mirror\/old\/blobs\/uploads/)).toBe(1);
  expect(stage.own.count('DELETE', /mirror\/new/)).toBe(0);
  expect(await stage.stores.uploads.take(uploadTo('mirror/old'))).toBeUndefined();
  expect(await stage.stores.uploads.take(uploadTo('mirror/new'))).toBeDefined();
});
