import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { startWebhook } from '../../demo/notification-platforms/webhook.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import { planNotifications } from '../../src/notifications/plan-notifications.js';
import { imageRequest, syncImage, targets } from '../database/store-fixture.js';
import { compileSources } from '../support/compiled-sources.js';
import type { CompiledSources } from '../support/compiled-sources.js';

const kills = 20;
let sources: CompiledSources;
let folder: string;

beforeAll(() => {
  sources = compileSources(['notifications', 'database', 'domain']);
  folder = mkdtempSync(join(tmpdir(), 'ferry-killed-sender-'));
  writeFileSync(join(sources.folder, 'sender.mjs'), sender);
});
afterAll(() => {
  sources.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Plans and sends as the activities of a worker do; a repeated attempt of an activity has the same owner. */
const sender = `
import { openDatabase } from './database/ferry-database.js';
import { createStores } from './database/stores.js';
import { createNotificationService } from './notifications/notification-service.js';
const [path, url] = process.argv.slice(2);
const database = await openDatabase({ kind: 'sqlite', path });
const stores = createStores(database);
const channel = { name: 'ops', kind: 'webhook', language: 'en', kinds: ['blocked'], timezone: 'UTC', limits: [], host: 'h', address: () => url };
const service = createNotificationService({
  settings: { channels: [channel], patience: { groupMs: 0, retryingMs: 0, targetMs: 0 }, silentMs: 0 },
  targets: ['aliyun', 'private'], notifications: stores.notifications, notificationPlans: stores.notificationPlans, fetch,
});
process.send('ready');
const signal = new AbortController().signal;
for (;;) {
  await service.plan({});
  await service.deliver('ops', { owner: 'activity', signal });
  await new Promise((resolve) => setTimeout(resolve, 20));
}`;

test('SIGKILL at 20 random moments loses no message, and what is repeated carries the same ID and text', async () => {
  const path = join(folder, 'ferry.db');
  const database = await openDatabase({ kind: 'sqlite', path });
  await migrate(database);
  const stores = createStores(database);
  const program = await startWebhook();
  const options = {
    settings: { channels: [], patience: { groupMs: 0, retryingMs: 0, targetMs: 0 }, silentMs: 0 },
    targets: [],
  };
  await planNotifications(stores.notificationPlans, options);
  const missing = { state: 'blocked', code: 'repository-missing', reason: 'source: no such repository' } as const;
  let images = 0;
  let child: ChildProcess | undefined;
  let moment: 'received' | 'any' = 'any';
  program.onRequest = async () => {
    // Between the platform's answer and the record of it: the worst moment.
    if (moment === 'received') child?.kill('SIGKILL');
    await delay(Math.random() * 10);
  };

  for (let kill = 0; kill < kills; kill += 1) {
    for (const stop = images + 3; images < stop; images += 1) {
      await stores.wanted.addWanted([imageRequest(`r${images}.example.com/team/app:1`)]);
      const blocked = targets.map(({ name }) => ({ ...missing, target: name }));
      await syncImage(stores, `r${images}.example.com/team/app:1`, { targets: blocked }, { run: `run-${images}` });
    }
    moment = kill % 2 === 0 ? 'received' : 'any';
    child = spawn(process.execPath, [join(sources.folder, 'sender.mjs'), path, program.url], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const ended = once(child, 'exit');
    await once(child, 'message');
    await Promise.race([ended, delay(moment === 'received' ? 10_000 : Math.random() * 150)]);
    child.kill('SIGKILL');
    await ended;
  }
  moment = 'any';
  child = spawn(process.execPath, [join(sources.folder, 'sender.mjs'), path, program.url], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const isOver = async (): Promise<boolean> => {
    const { items } = await stores.notifications.list({ limit: 1_000 });
    return items.length === images && items.every(({ state }) => state === 'sent');
  };
  for (const deadline = performance.now() + 20_000; !(await isOver()) && performance.now() < deadline;) await delay(50);
  const over = once(child, 'exit');
  child.kill('SIGKILL');
  await over;

  const { items } = await stores.notifications.list({ limit: 1_000 });
  const planned = items.map(({ messageId }) => messageId).toReversed();
  const arrived = program.accepted.map(({ id = '' }) => id);
  const bodies = new Map<string, Set<string>>();
  for (const { id = '', request } of program.accepted) bodies.set(id, (bodies.get(id) ?? new Set()).add(request.body));
  expect(planned).toHaveLength(images);
  expect([...new Set(arrived)]).toEqual(planned);
  expect([...bodies.values()].every((texts) => texts.size === 1)).toBe(true);
  expect(arrived.length).toBeGreaterThanOrEqual(planned.length + kills / 2);
  await program.stop();
  await database.close();
}, 120_000);
