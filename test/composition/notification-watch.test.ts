import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { expect, onTestFinished, test } from 'vitest';

import { startWebhook } from '../../demo/notification-platforms/webhook.js';
import type { TemporalClient } from '../../src/client/connect.js';
import { startNotificationWatch } from '../../src/composition/notification-watch.js';
import { openExisting } from '../../src/composition/open-stores.js';
import { StatusDatabase } from '../../src/composition/status-database.js';
import { readConfig } from '../../src/config/read-config.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createLogger } from '../../src/logger.js';

test('while no worker is left the server itself notifies people, once, and once more when one is back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-watch-'));
  const program = await startWebhook();
  const path = join(folder, 'ferry.yaml');
  const channels = { program: { kind: 'webhook', urlVariable: 'HOOK_URL' } };
  writeFileSync(path, JSON.stringify({ notifications: { channels, silentLongerThan: '0' } }));
  const config = readConfig({
    FERRY_CONFIG: path,
    FERRY_DATA_DIR: folder,
    MY_REGISTRY: 'r.example.com',
    HOOK_URL: program.url,
  });
  const database = await openDatabase(config.database);
  await migrate(database);
  const writing = new StatusDatabase(config.database, openExisting);
  let isServed = false;
  const describeTaskQueue = async () => ({
    pollers: isServed ? [{ lastAccessTime: { seconds: Date.now() / 1_000 } }] : [],
  });
  const client = { options: { namespace: 'default' }, workflowService: { describeTaskQueue } };
  const temporal = {
    client: client as unknown as TemporalClient['client'],
    withDeadline: async <T>(call: () => Promise<T>) => await call(),
    close: async () => undefined,
  };
  const log = createLogger('test', { write: () => undefined });
  const { signal } = new AbortController();
  const stop = startNotificationWatch({ config, temporal, writing, log, signal, everyMs: 20 });
  onTestFinished(async () => {
    stop();
    await delay(100);
    await writing.close();
    await database.close();
    await program.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const end = Date.now() + 10_000; program.accepted.length < 2 && Date.now() < end;) await delay(20);
  await delay(200);
  const titles = program.accepted.map(({ text }) => text);
  isServed = true;
  const over = async () =>
    await database.queries.selectFrom('notifications').select('title').where('title', 'like', 'Over:%').execute();
  for (const end = Date.now() + 10_000; (await over()).length < 2 && Date.now() < end;) await delay(20);

  expect(titles).toEqual(['No worker polls the task queue ferry', 'No worker polls the task queue ferry-copy']);
  expect(await over()).toEqual([
    { title: 'Over: a worker polls ferry again' },
    { title: 'Over: a worker polls ferry-copy again' },
  ]);
});
