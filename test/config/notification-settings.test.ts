import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import { configurationView } from '../../src/config/configuration-view.js';
import { readConfig } from '../../src/config/read-config.js';

const folder = mkdtempSync(join(tmpdir(), 'ferry-notifications-'));
const path = join(folder, 'ferry.yaml');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secrets = {
  DING_URL: 'https://oapi.dingtalk.com/robot/send?access_token=ding-token',
  DING_SECRET: 'SECding',
  PERCENT_URL: 'smtps://ferry:100%-mail-password@smtp.example.com',
  MAIL_URL: 'smtps://ferry:mail-password@smtp.example.com',
};

function variables(notifications: unknown, more: Readonly<Record<string, string>> = {}) {
  // JSON is valid YAML.
  writeFileSync(path, JSON.stringify({ notifications }));
  return { FERRY_CONFIG: path, FERRY_DATA_DIR: folder, MY_REGISTRY: 'r.example.com', ...secrets, ...more };
}

test('channels have the language and the limits of their platform, and secrets are in no JSON of them', () => {
  const { notifications } = readConfig(
    variables(
      {
        channels: {
          ops: {
            kind: 'dingtalk',
            urlVariable: 'DING_URL',
            secretVariable: 'DING_SECRET',
            timezone: 'Asia/Shanghai',
            quietHours: { from: '22:00', to: '08:30' },
          },
          mail: {
            kind: 'email',
            urlVariable: 'MAIL_URL',
            from: 'a@example.com',
            to: ['b@example.com'],
            kinds: ['release'],
            limit: { messages: 3, per: '1h' },
          },
        },
        retryingLongerThan: '1h',
      },
      { FERRY_PUBLIC_URL: 'https://team.example.com/ferry/' },
    ),
  );

  const [ops, mail] = notifications.channels;
  expect(ops).toMatchObject({
    language: 'zh-CN',
    host: 'oapi.dingtalk.com',
    limits: [{ count: 20, perMs: 60_000 }],
    quietHours: { from: 1_320, to: 510, timezone: 'Asia/Shanghai' },
  });
  expect([ops?.address(), ops?.secret?.()]).toEqual([secrets.DING_URL, secrets.DING_SECRET]);
  expect(mail).toMatchObject({ language: 'en', kinds: ['release'], limits: [{ count: 3, perMs: 3_600_000 }] });
  expect(notifications).toMatchObject({
    consoleUrl: 'https://team.example.com/ferry',
    patience: { groupMs: 30_000, retryingMs: 3_600_000, targetMs: 120_000 },
    silentMs: 900_000,
  });
  expect(JSON.stringify(notifications)).not.toMatch(/ding-token|SECding|mail-password/);
});

test('the view of the configuration shows no address of a webhook and no secret of a channel', () => {
  const view = configurationView(
    variables({ channels: { ops: { kind: 'dingtalk', urlVariable: 'DING_URL', secretVariable: 'DING_SECRET' } } }),
  );

  expect(JSON.stringify(view)).not.toMatch(/ding-token|SECding/);
  expect(view.values).toContainEqual({ name: 'DING_URL', from: 'environment', isSet: true, isSecret: true });
});

test.each([
  [{ kind: 'dingtalk', urlVariable: 'NOT_SET' }, 'channels.ops needs the variable NOT_SET, which is not set'],
  [{ kind: 'dingtalk', urlVariable: 'DING_SECRET' }, 'channels.ops: the variable DING_SECRET is not an address'],
  [
    { kind: 'wecom', urlVariable: 'DING_URL', secretVariable: 'DING_SECRET' },
    'channels of kind wecom have no secretVariable',
  ],
  [
    { kind: 'webhook', urlVariable: 'DING_URL', secretVariable: 'DING_SECRET' },
    'must be whsec_ and 24 to 64 bytes in base64',
  ],
  [{ kind: 'email', urlVariable: 'MAIL_URL' }, 'channels.ops needs from and to'],
  [
    { kind: 'email', urlVariable: 'PERCENT_URL', from: 'a@example.com', to: ['b@example.com'] },
    'channels.ops: the variable PERCENT_URL is not an address: expected smtps://user:password@smtp.example.com, with %25 for a percent sign',
  ],
  [{ kind: 'slack', urlVariable: 'DING_URL', timezone: 'Mars' }, '"Mars" is not a time zone'],
  [{ kind: 'slack', urlVariable: 'DING_URL', quietHours: { from: '25:00', to: '08:00' } }, 'must be a time like 22:00'],
])('an invalid channel %j is refused with what is wrong, and without its secret', (ops, fault) => {
  const read = (): unknown => readConfig(variables({ channels: { ops } }));

  expect(read).toThrow(fault);
  expect(read).not.toThrow(/ding-token|SECding|mail-password/);
});
