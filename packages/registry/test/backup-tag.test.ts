import { expect, test } from 'vitest';

import { placeImage } from '../../../test/support/scripted-images.js';
import type { ScriptedRegistry } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTarget,
  targetAt,
  targetRepository,
} from '../../../test/support/scripted-set-up.js';
import { backupTagBeside } from '../src/backup-tag.js';
import { copyImage } from '../src/copy-image.js';

const backupTag = 'v1-20261124050607';

test('a backup tag that points to another digest is kept, and the new backup gets a tag of its own', async () => {
  const { source, target, before, after } = await movedTag();
  const older = placeImage(target, targetRepository, { tag: backupTag });

  const report = await copy(source, target);

  const beside = backupTagBeside(backupTag, before.digest);
  expect(report.targets).toMatchObject([
    { outcome: 'copied', replaces: before.digest, backup: `${target.host}/${targetRepository}:${beside}` },
  ]);
  expect(tags(target, 'v1', backupTag, beside)).toEqual([after.bytes, older.bytes, before.bytes]);
});

test('a manifest that has a backup already is not pushed again', async () => {
  const { source, target, before } = await movedTag();
  target.putManifest(targetRepository, backupTag, { mediaType: before.mediaType, bytes: before.bytes });

  const report = await copy(source, target);

  expect(report.targets).toMatchObject([{ backup: `${target.host}/${targetRepository}:${backupTag}` }]);
  expect(target.count('PUT', new RegExp(`manifests/${backupTag}`))).toBe(0);
});

test("if both backup tags are taken, the image's tag stays unchanged and the reason names both", async () => {
  const { source, target, before } = await movedTag();
  const beside = backupTagBeside(backupTag, before.digest);
  const taken = [backupTag, beside].map((tag) => placeImage(target, targetRepository, { tag }).bytes);

  const report = await copy(source, target);

  expect(report.failures).toMatchObject([{ failure: { code: 'backup-tag-taken', decision: 'block' } }]);
  expect(report.failures[0]?.failure.message).toContain(`${backupTag} and ${beside} already point to other digests`);
  expect(tags(target, 'v1', backupTag, beside)).toEqual([before.bytes, ...taken]);
});

test('each digest gets its own second backup tag, however long the first one is', () => {
  const beside = ['a', 'b'].map((hex) => backupTagBeside('x'.repeat(128), `sha256:${hex.repeat(64)}`));

  expect(new Set(beside).size).toBe(2);
  expect(beside.map((tag) => tag.length)).toEqual([128, 128]);
  expect(backupTagBeside('latest-20261124050607', `sha256:${'a'.repeat(64)}`)).toBe(
    'latest-20261124050607-aaaaaaaaaaaa',
  );
});

async function movedTag() {
  const [source, target] = await sourceAndTarget();
  const before = placeImage(target, targetRepository);
  const after = placeImage(source, repository);
  return { source, target, before, after };
}

async function copy(source: ScriptedRegistry, target: ScriptedRegistry) {
  const targets = [targetAt(target, { backupTag })];
  return await copyImage(clientFor([source, target]), requestFor(source, [target], { targets }));
}

function tags(target: ScriptedRegistry, ...names: string[]) {
  return names.map((name) => target.manifest(targetRepository, name)?.bytes);
}
