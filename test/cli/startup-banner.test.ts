import { expect, test } from 'vitest';

import { startupBanner } from '../../src/cli/startup-banner.js';
import { readConfig, readUpConfig } from '../../src/config/read-config.js';
import { readServerSettings } from '../../src/config/server-settings.js';

const config = readConfig({ MY_REGISTRY: 'registry.example.com', FERRY_DATA_DIR: '/data' });
const temporal = { address: '127.0.0.1:7000', ui: 'http://127.0.0.1:7001', command: '/tools/temporal' };

test('the startup banner shows the address and folder of everything that runs', () => {
  const settings = readServerSettings({ FERRY_API_TOKEN: 'token' });

  expect(startupBanner({ ...temporal, server: '127.0.0.1:8080' }, config, settings)).toEqual([
    'Temporal: 127.0.0.1:7000, web UI: http://127.0.0.1:7001',
    'Temporal CLI: /tools/temporal',
    'Console: http://127.0.0.1:8080/',
    'Webhooks and API: http://127.0.0.1:8080',
    'Targets: private (registry.example.com)',
    'Data and logs: /data',
  ]);
});

test('the startup banner says that a configured Temporal server is not started here', () => {
  const address = 'temporal.example.com:7233';
  const own = readConfig({ MY_REGISTRY: 'registry.example.com', FERRY_DATA_DIR: '/data', TEMPORAL_ADDRESS: address });

  expect(startupBanner({ address }, own, readServerSettings({}))).toEqual([
    'Temporal: temporal.example.com:7233 (set by TEMPORAL_ADDRESS; no server is started here)',
    'Targets: private (registry.example.com)',
    'Data and logs: /data',
  ]);
});

test('the startup banner names the port that was in use when the server takes another one', () => {
  const lines = startupBanner({ ...temporal, server: '127.0.0.1:41234' }, config, readServerSettings({}));

  expect(lines.slice(2, 5)).toEqual([
    'Console: http://127.0.0.1:41234/',
    'Webhooks and API: http://127.0.0.1:41234 (rejects all requests until FERRY_WEBHOOK_SECRET or FERRY_API_TOKEN is set)',
    'note: another program is listening on 127.0.0.1:8080, so this port may change with each start; set FERRY_LISTEN to fix it',
  ]);
});

test('the startup banner shows the actual address of a configured listen address', () => {
  const settings = readServerSettings({ FERRY_LISTEN: 'localhost:0', FERRY_API_TOKEN: 'token' });

  expect(startupBanner({ ...temporal, server: '127.0.0.1:41234' }, config, settings)[3]).toBe(
    'Webhooks and API: http://127.0.0.1:41234',
  );
  expect(startupBanner({ ...temporal, server: '127.0.0.1:41234' }, config, settings)).toHaveLength(6);
});

test('the startup banner says loudly that nothing is copied while no target is set', () => {
  const { config: first, server } = readUpConfig({ FERRY_DATA_DIR: '/data' }, { mayLackTargets: true });

  expect(startupBanner({ ...temporal, server: '127.0.0.1:8080' }, first, server, 'token')).toContainEqual(
    expect.stringMatching(
      /^Targets: NONE, so that nothing is copied\. To copy, set ALIYUN_REGISTRY .*; then start again/,
    ),
  );
});

test('the startup banner shows a link that signs in to the console, at the public address if there is one', () => {
  const settings = readServerSettings({ FERRY_PUBLIC_URL: 'https://team.example/ferry/' });

  expect(startupBanner({ ...temporal, server: '127.0.0.1:8080' }, config, settings, 'token')[2]).toBe(
    'Console: https://team.example/ferry/api/v1/session/link?token=token (signs in once)',
  );
});
