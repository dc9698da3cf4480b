import { expect, test } from 'vitest';

import { startupBanner } from '../../src/cli/startup-banner.js';
import { readConfig } from '../../src/config/read-config.js';
import { readServerSettings } from '../../src/config/server-settings.js';

const config = readConfig({ MY_REGISTRY: 'registry.example.com', FERRY_DATA_DIR: '/data' });
const temporal = { address: '127.0.0.1:7000', ui: 'http://127.0.0.1:7001', command: '/tools/temporal' };

test('where everything is that runs', () => {
  const settings = readServerSettings({ FERRY_API_TOKEN: 'token' });

  expect(startupBanner({ ...temporal, server: '127.0.0.1:8080' }, config, settings)).toEqual([
    'Temporal: 127.0.0.1:7000, its pages: http://127.0.0.1:7001',
    'The temporal command: /tools/temporal',
    'Webhooks and API: http://127.0.0.1:8080',
    'Targets: private (registry.example.com)',
    'Data and logs: /data',
  ]);
});

test('a Temporal that a variable names is shown as such, since none is started then', () => {
  const address = 'temporal.example.com:7233';
  const own = readConfig({ MY_REGISTRY: 'registry.example.com', FERRY_DATA_DIR: '/data', TEMPORAL_ADDRESS: address });

  expect(startupBanner({ address }, own, readServerSettings({}))).toEqual([
    'Temporal: temporal.example.com:7233, which TEMPORAL_ADDRESS names: none is started here',
    'Targets: private (registry.example.com)',
    'Data and logs: /data',
  ]);
});

test('a server that had to take another port says whose place it did not get', () => {
  const lines = startupBanner({ ...temporal, server: '127.0.0.1:41234' }, config, readServerSettings({}));

  expect(lines.slice(2, 4)).toEqual([
    'Webhooks and API: http://127.0.0.1:41234, which lets nobody in until FERRY_WEBHOOK_SECRET or FERRY_API_TOKEN is set',
    'note: another program listens on 127.0.0.1:8080, so this port may be another one at each start; FERRY_LISTEN fixes it',
  ]);
});

test('an address that somebody chose is told as it came to be', () => {
  const settings = readServerSettings({ FERRY_LISTEN: 'localhost:0', FERRY_API_TOKEN: 'token' });

  expect(startupBanner({ ...temporal, server: '127.0.0.1:41234' }, config, settings)[2]).toBe(
    'Webhooks and API: http://127.0.0.1:41234',
  );
  expect(startupBanner({ ...temporal, server: '127.0.0.1:41234' }, config, settings)).toHaveLength(5);
});
