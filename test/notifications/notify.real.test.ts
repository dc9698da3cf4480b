import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { startDingTalk } from '../../demo/notification-platforms/dingtalk.js';
import { createNotificationActivities } from '../../src/activities/notification-activities.js';
import { ensureNotify } from '../../src/client/ensure-notify.js';
import { TaskQueue } from '../../src/contract/task-queues.js';
import { notifyWorkflowId, workflowTaskTimeout, WorkflowName } from '../../src/contract/workflow-names.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import type { Stores } from '../../src/database/stores.js';
import type { NotificationChannel, NotificationSettings } from '../../src/domain/notifications/settings.js';
import type { ImageOutcome, TargetOutcome } from '../../src/domain/wanted-image.js';
import { createNotificationService } from '../../src/notifications/notification-service.js';
import { imageRequest, notPushed, pushed, targets } from '../database/store-fixture.js';
import { recordHistory } from '../support/record-history.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import type { WorkflowWorker } from '../support/workflow-worker.js';
import { ScriptedWorld } from '../workflows/scripted-world.js';

/** A minute of the platform and of the channel's limit takes two seconds, so that the tests do not take minutes. */
const factor = 1 / 30;

let folder: string;
let database: FerryDatabase;
let stores: Stores;
let worker: WorkflowWorker;
let settings: NotificationSettings;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-notify-'));
  database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  await migrate(database);
  stores = createStores(database);
});
afterEach(async () => {
  await worker.stop();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(channels: readonly NotificationChannel[]): Promise<void> {
  settings = { channels, patience: { groupMs: 0, retryingMs: 3_600_000, targetMs: 0 }, silentMs: 60_000 };
  const service = createNotificationService({
    get settings() {
      return settings;
    },
    targets: targets.map(({ name }) => name),
    notifications: stores.notifications,
    notificationPlans: stores.notificationPlans,
    fetch,
  });
  const activities = createNotificationActivities({
    notifications: {
      ...service,
      get settings() {
        return settings;
      },
    },
    watch: async () => [{ of: 'queue', name: 'ferry', isServed: true }],
  });
  worker = await startWorkflowWorker({ ...new ScriptedWorld().activities(), ...activities });
}

async function startNotify(continueAfterEvents?: number): Promise<void> {
  await worker.client.workflow.start(WorkflowName.notify, {
    workflowId: notifyWorkflowId,
    taskQueue: TaskQueue.main,
    workflowTaskTimeout,
    args: [{ everyMs: 300, continueAfterEvents }],
  });
}

function channelTo(url: string, secret: string): NotificationChannel {
  return {
    name: 'ops',
    kind: 'dingtalk',
    language: 'zh-CN',
    kinds: ['blocked', 'target', 'release'],
    timezone: 'Asia/Shanghai',
    limits: [{ count: 20, perMs: 60_000 * factor }],
    host: new URL(url).host,
    address: () => url,
    secret: () => secret,
  };
}

/** Records outcomes of images in a run, in a few transactions. */
async function record(
  images: readonly string[],
  outcomeOf: (image: string) => readonly TargetOutcome[],
  run: string,
): Promise<void> {
  const { wanted } = await stores.reads.read(images, targets);
  const records: { outcome: ImageOutcome; readAt: number }[] = [];
  for (const image of images) {
    const { rows, readAt } = await wanted.wantedRows(image);
    const blank = { image, rows: rows.map(({ id }) => id), missingPlatforms: [], bytesRead: 0 };
    records.push({ outcome: { ...blank, targets: outcomeOf(image) }, readAt: readAt + 1 });
  }
  await stores.pushed.recordOutcomes(records, { targets, run });
}

async function until(what: string, isReached: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isReached())) {
    if (performance.now() > deadline) throw new Error(`not reached in time: ${what}`);
    await delay(50);
  }
}

async function isPlanning(): Promise<boolean> {
  return (
    (await database.queries.selectFrom('notification_cursors').selectAll().where('name', '=', 'events').execute())
      .length > 0
  );
}

test('300 images that fail because one target is away reach people as one message, and as one more when it is back', async () => {
  const robot = await startDingTalk({ secret: 'SECabc', factor });
  await start([channelTo(robot.url, 'SECabc')]);
  await startNotify();
  await until('the first planning', isPlanning);
  const images = Array.from(
    { length: 300 },
    (_, number) => `docker.io/library/app-${String(number).padStart(3, '0')}:1`,
  );
  await stores.wanted.addWanted(images.map((image) => imageRequest(image)));

  await record(
    images,
    (image) => [pushed('aliyun', image), notPushed('private', 'retrying', 'target private: refused')],
    'run-1',
  );
  await until('a message', () => robot.received.length > 0);
  await worker.restart();
  await record(images, (image) => [pushed('aliyun', image), pushed('private', image)], 'run-2');
  await until('a second message', () => robot.received.length > 1);

  expect(robot.received.map(({ isAccepted, body }) => [isAccepted, body])).toEqual(
    Array.from({ length: 2 }, () => [true, '{"errcode":0,"errmsg":"ok"}']),
  );
  const [open = '', over = ''] = robot.accepted.map(({ text }) => text);
  expect(open).toMatch(/^#### 目标仓库 private 无法访问：300 个镜像等待同步\n\n原因：unreachable：/);
  expect(open).toContain('镜像：app-000:1、app-001:1、app-002:1、app-003:1、app-004:1 等 300 个');
  expect(over).toMatch(/^#### 已恢复：目标仓库 private 可以访问\n\n持续 \d+ 秒/);
  await robot.stop();
}, 60_000);

test('500 different incidents within a minute: no penalty of a robot that takes 20 messages, nothing is lost, in order', async () => {
  const robot = await startDingTalk({ secret: 'SECabc', factor });
  await start([channelTo(robot.url, 'SECabc')]);
  await startNotify();
  await until('the first planning', isPlanning);
  const hosts = Array.from({ length: 500 }, (_, number) => `r${String(number).padStart(3, '0')}.example.com`);
  const images = hosts.map((host) => `${host}/team/app:1`);
  await stores.wanted.addWanted(images.map((image) => imageRequest(image)));

  const missing = (target: string) =>
    ({ target, state: 'blocked', code: 'repository-missing', reason: 'source: no such repository' }) as const;
  for (let from = 0; from < images.length; from += 50) {
    await record(images.slice(from, from + 50), () => [missing('aliyun'), missing('private')], `run-${from}`);
  }
  await until(
    'everything is sent',
    async () => {
      const { items } = await stores.notifications.list({ limit: 1_000 });
      return items.length >= 500 && items.every(({ state }) => state === 'sent' || state === 'merged');
    },
    45_000,
  );

  expect(robot.rate.violations).toBe(0);
  expect(robot.received.filter(({ isAccepted }) => !isAccepted)).toEqual([]);
  const told = robot.accepted.flatMap(({ text = '' }) => text.match(/r\d{3}\.example\.com/g) ?? []);
  expect(told.filter((host, position) => host !== told[position - 1])).toEqual(hosts);
  expect(robot.accepted.length).toBeLessThan(60);
  await robot.stop();
}, 60_000);

test('the workflow continues as new, is started only once, and ends when no channel is configured', async () => {
  const robot = await startDingTalk({ factor });
  await start([{ ...channelTo(robot.url, ''), secret: undefined }]);
  await startNotify(40);
  const temporal = {
    client: worker.client,
    withDeadline: async <T>(call: () => Promise<T>) => await call(),
    close: async () => undefined,
  };
  await ensureNotify(temporal);
  await until('the first planning', isPlanning);
  await stores.notifications.add([
    {
      messageId: 'msg_1',
      channel: 'ops',
      kind: 'test',
      title: 'x',
      facts: { about: 'test', channel: 'ops', by: 'me' },
    },
  ]);
  await until('a message', () => robot.accepted.length > 0);
  const handle = worker.client.workflow.getHandle(notifyWorkflowId);
  const { runId: first } = await handle.describe();
  await until('another workflow run', async () => (await handle.describe()).runId !== first);
  await recordHistory(worker.client, 'notify-continued', notifyWorkflowId, first);
  settings = { ...settings, channels: [] };

  await handle.result();
  const { runId: last } = await handle.describe();
  await recordHistory(worker.client, 'notify', notifyWorkflowId, last);

  expect(robot.accepted).toHaveLength(1);
  await robot.stop();
}, 60_000);
