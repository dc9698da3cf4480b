import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { Platform } from '../../demo/notification-platforms/platform-server.js';
import { startWebhook } from '../../demo/notification-platforms/webhook.js';
import { beginNotifications, sendLastNotifications } from '../../src/cli/last-notifications.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import type { Stores } from '../../src/database/stores.js';
import type { DatabaseSettings } from '../../src/domain/database-settings.js';
import type { NotificationChannel } from '../../src/domain/notifications/settings.js';
import { imageRequest, notPushed, syncImage, targets } from '../database/store-fixture.js';
import { writtenTo } from '../support/written-to.js';

const longMs = 3_600_000;
const goingOn = new AbortController().signal;

let folder: string;
let platform: Platform;
let said: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-last-notifications-'));
  platform = await startWebhook();
  said = writtenTo('stderr');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
});

function configOf(channels: readonly NotificationChannel[] = [channelTo('ops')]) {
  const database: DatabaseSettings = { kind: 'sqlite', path: join(folder, 'ferry.db') };
  // Long, so that only the end of the run makes them due.
  const patience = { groupMs: longMs, retryingMs: longMs, targetMs: longMs };
  return { database, targets, proxies: { except: [] }, notifications: { channels, patience, silentMs: longMs } };
}

function channelTo(name: string, limits: NotificationChannel['limits'] = []): NotificationChannel {
  return {
    name,
    kind: 'webhook',
    language: 'en',
    kinds: ['blocked', 'retrying', 'target', 'run'],
    timezone: 'UTC',
    limits,
    host: new URL(platform.url).host,
    address: () => platform.url,
  };
}

async function withStores(work: (stores: Stores) => Promise<void>): Promise<void> {
  const database = await openDatabase(configOf().database);
  await migrate(database);
  await work(createStores(database));
  await database.close();
}

/** A run in which one target refuses an image, and the other one is away. */
async function failingRun(stores: Stores): Promise<void> {
  await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
  await stores.runs.begin({ id: 'run-1', reasons: [] });
  const refused = notPushed('aliyun', 'blocked', 'target aliyun: denied');
  const away = notPushed('private', 'retrying', 'target private: connection refused');
  await syncImage(stores, 'docker.io/library/nginx:1.27', { targets: [refused, away] });
  await stores.runs.finish({ id: 'run-1', summary: { images: 1, retrying: 1, failure: 'out of memory' } });
}

test('what a single run brought is sent at its end, although people would be notified of it later', async () => {
  await withStores(async () => undefined);
  await beginNotifications(configOf(), goingOn);
  await withStores(failingRun);

  await sendLastNotifications(configOf(), goingOn);
  const first = platform.accepted.map(({ text }) => text);
  await sendLastNotifications(configOf(), goingOn);

  expect(first).toEqual([
    'A sync run failed',
    '1 image blocked: target aliyun, denied',
    'Target private is away: 1 image waits for it',
  ]);
  expect(platform.accepted).toHaveLength(3);
  expect(said).toEqual([]);
});

test('what was there before the first run of an installation is not sent', async () => {
  await withStores(failingRun);
  await beginNotifications(configOf(), goingOn);

  await sendLastNotifications(configOf(), goingOn);

  expect(platform.received).toEqual([]);
});

test('what a channel does not take is reported and stays in its outbox, and the next channel gets its messages', async () => {
  const channels = [channelTo('first'), channelTo('second')];
  await withStores(async () => undefined);
  await beginNotifications(configOf(channels), goingOn);
  await withStores(failingRun);
  platform.answerNext({ status: 503, body: 'later', headers: { 'retry-after': '600' } });

  await sendLastNotifications(configOf(channels), goingOn);

  expect(said.join('')).toBe(
    'note: channel first has notifications that were not sent: "ferry notify log" shows them\n',
  );
  expect(platform.accepted).toHaveLength(3);
  await withStores(async ({ notifications }) => {
    const { items } = await notifications.list({ channel: 'first', limit: 10 });
    expect(items.map(({ state }) => state).toSorted()).toEqual(['pending', 'pending', 'sending']);
  });
});

test('a database that cannot be read is reported, and ends nothing', async () => {
  await beginNotifications(configOf(), goingOn);
  await sendLastNotifications(configOf(), goingOn);

  expect(said.join('')).toMatch(/^(?:note: notifications were not sent: .*ferry\.db.*\n){2}$/);
});

test('without a channel nothing is opened, and an interruption is not reported', async () => {
  await sendLastNotifications(configOf([]), goingOn);
  await withStores(async () => undefined);
  await beginNotifications(configOf(), goingOn);
  await withStores(failingRun);
  await sendLastNotifications(configOf(), AbortSignal.abort());

  expect(said).toEqual([]);
  expect(platform.received).toEqual([]);
});
