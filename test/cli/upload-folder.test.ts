import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { UploadRecord } from '@image-ferry/registry';
import type { Digest } from '@image-ferry/registry/digest';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';

import { UploadFolder } from '../../src/cli/upload-folder.js';
import { tolerantUploads } from '../../src/composition/tolerant-uploads.js';
import { identifyProcess } from '../../src/supervisor/process-identity.js';
import type { ProcessIdentity } from '../../src/supervisor/process-identity.js';
import { uploadOf } from '../database/store-fixture.js';

const dayMs = 24 * 60 * 60 * 1_000;
const ended: ProcessIdentity = { pid: 2 ** 22 + 1, startedAt: 'never' };
const one: Digest = `sha256:${'1'.repeat(64)}`;
const two: Digest = `sha256:${'2'.repeat(64)}`;

let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'ferry-uploads-'));
  folder = join(parent, 'data', 'uploads');
});

afterEach(() => rmSync(parent, { recursive: true, force: true }));

/** A process that runs until the test ends. */
async function otherProcess(): Promise<ProcessIdentity> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  const identity = identifyProcess(child.pid ?? 0);
  if (identity === undefined) throw new Error('the process has ended');
  return identity;
}

test('the upload of a process that has ended is continued by the next one, as it was last saved', async () => {
  const first = new UploadFolder(folder, { self: ended });
  await first.save(uploadOf(one));
  await first.save(uploadOf(one, { offset: 150_000_000 }));
  await first.save(uploadOf(two));

  const next = new UploadFolder(folder);

  expect(await next.take(uploadOf(one))).toEqual(uploadOf(one, { offset: 150_000_000 }));
  expect(await next.take(uploadOf(two))).toEqual(uploadOf(two));
  expect(await next.take(uploadOf(two, { tag: 'other' }))).toBeUndefined();
});

test('an upload that is over leaves no file in the upload folder', async () => {
  const uploads = new UploadFolder(folder);
  await uploads.save(uploadOf(one));

  await uploads.remove(uploadOf(one));
  await uploads.remove(uploadOf(two));

  expect(readdirSync(folder)).toEqual([]);
});

test('only the user can read the upload folder and its files', async () => {
  await new UploadFolder(folder).save(uploadOf(one));

  const [name = ''] = readdirSync(folder);

  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

test('the upload of a process that runs is neither taken, replaced nor removed by another one', async () => {
  const running = new UploadFolder(folder, { self: await otherProcess() });
  await running.save(uploadOf(one));
  const other = new UploadFolder(folder);

  const taken = await other.take(uploadOf(one));
  await other.save(uploadOf(one, { location: 'https://aliyun.example.com/other' }));
  await other.remove(uploadOf(one));

  expect(taken).toBeUndefined();
  expect(await running.take(uploadOf(one))).toEqual(uploadOf(one));
});

test('of several processes that find the upload of a dead one, one continues it', async () => {
  await new UploadFolder(folder, { self: ended }).save(uploadOf(one));
  const processes = await Promise.all(Array.from({ length: 6 }, otherProcess));

  const taken = await Promise.all(
    processes.map(async (identity) => await new UploadFolder(folder, { self: identity }).take(uploadOf(one))),
  );

  expect(taken.filter((upload) => upload !== undefined)).toEqual([uploadOf(one)]);
  expect(readdirSync(folder)).toHaveLength(1);
});

test.each([
  ['is empty', () => ''],
  ['was cut off', (text: string) => text.slice(0, 100)],
  ['is of another upload', (text: string) => text.replaceAll('latest', 'newest')],
  ['has no owner', (text: string) => text.replace('owner', 'owned')],
  ['has a location that is no URL', (text: string) => text.replace('https:', 'javascript:')],
])('a file that %s is removed, and the upload starts again', async (_, change) => {
  await new UploadFolder(folder, { self: ended }).save(uploadOf(one));
  const [name = ''] = readdirSync(folder);
  writeFileSync(join(folder, name), change(readFileSync(join(folder, name), 'utf8')));

  expect(await new UploadFolder(folder).take(uploadOf(one))).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
});

test('uploads that are older than a week are cancelled and removed; files of others stay', async () => {
  const first = new UploadFolder(folder, { self: ended });
  await first.save(uploadOf(one));
  await first.save(uploadOf(two));
  writeFileSync(join(folder, 'notes.txt'), '');
  const aWeekAgo = new Date(Date.now() - 8 * dayMs);
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), aWeekAgo, aWeekAgo);
  await first.save(uploadOf(two));

  const cancel = vi.fn<(upload: UploadRecord) => Promise<void>>(() => Promise.resolve());
  const next = new UploadFolder(folder, { cancel });

  expect(await next.take(uploadOf(one))).toBeUndefined();
  expect(await next.take(uploadOf(two))).toEqual(uploadOf(two));
  expect(cancel.mock.calls).toEqual([[uploadOf(one)]]);
  await vi.waitUntil(() => readdirSync(folder).length === 2);
  expect(readdirSync(folder)).toContain('notes.txt');
});

test('an old upload that could not be cancelled is not continued, and is cancelled by a later process', async () => {
  await new UploadFolder(folder, { self: ended }).save(uploadOf(one));
  const aWeekAgo = new Date(Date.now() - 8 * dayMs);
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), aWeekAgo, aWeekAgo);
  const refused = vi.fn<(upload: UploadRecord) => Promise<void>>(() =>
    Promise.reject(new Error('the registry cannot be reached')),
  );
  const cancel = vi.fn<(upload: UploadRecord) => Promise<void>>(() => Promise.resolve());

  expect(await new UploadFolder(folder, { cancel: refused }).take(uploadOf(one))).toBeUndefined();
  expect(readdirSync(folder)).toHaveLength(1);
  expect(await new UploadFolder(folder, { cancel }).take(uploadOf(one))).toBeUndefined();

  expect(refused).toHaveBeenCalledTimes(1);
  expect(cancel).toHaveBeenCalledTimes(1);
  await vi.waitUntil(() => readdirSync(folder).length === 0);
});

test('what a killed process was writing is removed, and what it had saved before is continued', async () => {
  await new UploadFolder(folder, { self: ended }).save(uploadOf(one));
  const [saved = ''] = readdirSync(folder);
  const other = await otherProcess();
  for (const pid of [ended.pid, other.pid]) writeFileSync(join(folder, `${saved}.${pid}.tmp`), '{"owner":');

  const found = await new UploadFolder(folder).take(uploadOf(one));

  expect(found).toEqual(uploadOf(one));
  expect(readdirSync(folder).toSorted()).toEqual([saved, `${saved}.${other.pid}.tmp`]);
});

test('the upload folder keeps the newest 500 uploads', async () => {
  const first = new UploadFolder(folder, { self: ended });
  await first.save(uploadOf(one));
  for (let number = 0; number < 510; number += 1) {
    const path = join(folder, `${number.toString(16).padStart(64, '0')}.json`);
    writeFileSync(path, '{}');
    utimesSync(path, new Date(), new Date(Date.now() - 60_000 - number));
  }

  const found = await new UploadFolder(folder).take(uploadOf(one));

  expect(found).toEqual(uploadOf(one));
  expect(readdirSync(folder)).toHaveLength(500);
});

test('a folder that cannot be written to is reported once, and costs no copy', async () => {
  const reasons: string[] = [];
  writeFileSync(join(parent, 'data'), 'a file, not a folder');
  const { uploads } = tolerantUploads({ uploads: new UploadFolder(folder) }, (reason) => reasons.push(reason));

  await uploads.save(uploadOf(one));
  await uploads.save(uploadOf(one));
  const found = await uploads.take(uploadOf(one));
  await uploads.remove(uploadOf(one));

  expect(found).toBeUndefined();
  expect(reasons).toEqual([expect.stringContaining('ENOTDIR')]);
  expect(reasons.join()).not.toContain('_state');
});

test('a save that is slower than the removal after it does not bring the upload back', async () => {
  const { uploads } = tolerantUploads({ uploads: new UploadFolder(folder) }, () => {});

  await Promise.all([uploads.save(uploadOf(one)), uploads.save(uploadOf(one)), uploads.remove(uploadOf(one))]);

  expect(readdirSync(folder)).toEqual([]);
});
