import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { readServerSettings } from '../../src/config/server-settings.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-server-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const token = 'a-token';

test('without any variable the server listens on loopback only and rejects all requests', () => {
  expect(readServerSettings({})).toMatchObject({
    listen: { host: '127.0.0.1', port: 8080, isChosen: false },
    apiTokens: [],
    branch: 'main',
    repositories: [],
  });
});

test('secrets can be in files, and several API tokens can be valid during a rotation', () => {
  const file = join(folder, 'secret');
  writeFileSync(file, "It's a Secret to Everybody\n");

  const settings = readServerSettings({ FERRY_WEBHOOK_SECRET_FILE: file, FERRY_API_TOKEN: 'old, new' });

  expect(settings).toMatchObject({ webhookSecret: "It's a Secret to Everybody", apiTokens: ['old', 'new'] });
});

test('the server knows the configured upstreams and does not start with an invalid one', () => {
  const good = join(folder, 'good.yaml');
  const bad = join(folder, 'bad.yaml');
  writeFileSync(good, 'upstreams: { mine: { kind: tags, image: quay.io/a/b } }');
  writeFileSync(bad, 'upstreams: { mine: { kind: tags } }');

  expect(readServerSettings({}).upstreams).toEqual(['dify', 'xinference']);
  expect(readServerSettings({ FERRY_CONFIG: good }).upstreams).toEqual(['dify', 'xinference', 'mine']);
  expect(() => readServerSettings({ FERRY_CONFIG: bad })).toThrow('upstreams.mine.image: is missing');
});

describe('where the server listens', () => {
  test.each([
    ['127.0.0.1:9000', '127.0.0.1', 9000],
    ['[::1]:9000', '::1', 9000],
    ['localhost:0', 'localhost', 0],
  ])('the listen address %s is loopback and needs no secret', (listen, host, port) => {
    expect(readServerSettings({ FERRY_LISTEN: listen }).listen).toEqual({ host, port, isChosen: true });
  });

  test.each([
    '0.0.0.0:8080',
    ':8080',
    '8080',
    '[::]:8080',
    '192.168.1.5:8080',
    'ferry.example.com:8080',
    '[::ffff:7f00:1]:80',
  ])('the listen address %s can be reached by other machines and needs a secret', (listen) => {
    expect(() => readServerSettings({ FERRY_LISTEN: listen })).toThrow('no secret is set');
    expect(() => readServerSettings({ FERRY_LISTEN: listen, FERRY_API_TOKEN: '', FERRY_WEBHOOK_SECRET: '' })).toThrow(
      'no secret is set',
    );

    expect(readServerSettings({ FERRY_LISTEN: listen, FERRY_API_TOKEN: token }).apiTokens).toEqual([token]);
    expect(readServerSettings({ FERRY_LISTEN: listen, FERRY_WEBHOOK_SECRET: 's' }).webhookSecret).toBe('s');
  });
});

test('all errors of the server settings are reported at once, without secrets', () => {
  const variables = {
    FERRY_LISTEN: 'nowhere',
    FERRY_API_TOKEN: 'with"quotes',
    FERRY_REPOSITORIES: 'team',
    FERRY_REQUESTS_PER_MINUTE: '0',
  };

  const reading = (): unknown => readServerSettings(variables);

  for (const name of Object.keys(variables)) expect(reading).toThrow(name);
  expect(reading).not.toThrow('with"quotes');
});
