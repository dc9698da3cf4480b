import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { startDingTalk } from '../../demo/notification-platforms/dingtalk.js';
import { startWeCom } from '../../demo/notification-platforms/wecom.js';
import { run } from '../../src/cli/main.js';
import { writtenTo } from '../support/written-to.js';

let folder: string;
let said: string[];
let printed: string[];
let stop: () => Promise<void>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-notify-command-'));
  const robot = await startDingTalk({ secret: 'SECabc' });
  const push = await startWeCom();
  stop = async () => {
    await robot.stop();
    await push.stop();
  };
  const channels = {
    ops: { kind: 'dingtalk', urlVariable: 'DINGTALK_URL', secretVariable: 'DINGTALK_SECRET' },
    releases: { kind: 'wecom', urlVariable: 'WECOM_URL', kinds: ['release'] },
  };
  const path = join(folder, 'ferry.yaml');
  writeFileSync(path, JSON.stringify({ notifications: { channels } }));
  vi.stubEnv('FERRY_CONFIG', path);
  vi.stubEnv('FERRY_DATA_DIR', folder);
  vi.stubEnv('MY_REGISTRY', 'registry.example.com');
  vi.stubEnv('DINGTALK_URL', robot.url);
  vi.stubEnv('DINGTALK_SECRET', 'SECabc');
  vi.stubEnv('WECOM_URL', push.url.replace('wecom-key', 'wrong-key'));
  said = writtenTo('stderr');
  printed = writtenTo('stdout');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

async function ferry(...args: readonly string[]): Promise<number> {
  said.splice(0);
  printed.splice(0);
  return await run(['node', 'ferry', 'notify', ...args]);
}

test('ferry notify test prints the answer of the platform, and ends with 1 if it does not accept the message', async () => {
  expect(await ferry('test', 'ops')).toBe(0);
  expect(printed.join('')).toBe('ops: sent (HTTP 200: {"errcode":0,"errmsg":"ok"})\n');
  expect(await ferry('test', 'releases')).toBe(1);
  expect(said.join('')).toBe(
    'releases: not sent, refused: HTTP 200: {"errcode":93000,"errmsg":"invalid webhook url"}\n',
  );
  expect(await ferry('test', 'missing')).toBe(2);
  expect(said.join('')).toContain('unknown channel missing; configured: ops, releases');
});

test('ferry notify log shows messages with their errors and no secret, and redeliver sets one pending', async () => {
  await ferry('test', 'ops');
  await ferry('test', 'releases');

  await ferry('log', '--failed', '--json');
  const { notifications } = JSON.parse(printed.join('')) as { notifications: readonly unknown[] };
  const redelivered = await ferry('redeliver', '2');
  await ferry('log', '--channel', 'releases');

  expect(notifications).toMatchObject([{ id: 2, channel: 'releases', state: 'failed', attempts: 1 }]);
  expect(redelivered).toBe(0);
  expect(printed.join('')).toMatch(/^ID .*\n2 .*releases +test +pending/);
  expect(printed.join('')).not.toMatch(/wrong-key|SECabc|ding-token/);
  expect(await ferry('redeliver', '9')).toBe(2);
  expect(await ferry('redeliver', 'x')).toBe(2);
});
