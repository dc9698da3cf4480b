import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { configurationView, placeOfDatabase } from '../../src/config/configuration-view.js';
import { knownVariables } from '../../src/config/unknown-variables.js';

test('no secret is in the configuration that users see, wherever it comes from', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-view-'));
  const path = join(folder, 'ferry.yaml');
  writeFileSync(join(folder, 'secret'), 'hidden-in-a-file\n');
  writeFileSync(
    path,
    JSON.stringify({
      targets: {
        harbor: { registry: 'h.example', credentials: { username: 'robot', passwordVariable: 'HARBOR_LOGIN' } },
      },
      hosts: { 'h.example': { proxy: 'http://user:hidden-proxy@proxy.example:3128' } },
      upstreams: { dify: { variables: { DB_PASSWORD: 'hidden-variable' } } },
    }),
  );
  const secrets = knownVariables.filter((name) => /PASSWORD|TOKEN|SECRET|API_KEY/.test(name));
  const variables = {
    ...Object.fromEntries(secrets.map((name) => [name, `hidden-${name}`])),
    GITHUB_TOKEN: undefined,
    GITHUB_TOKEN_FILE: join(folder, 'secret'),
    HARBOR_LOGIN: 'hidden-harbor',
    HTTPS_PROXY: 'http://user:hidden-proxy@proxy.example:3128',
    FERRY_CONFIG: path,
  };

  const view = configurationView(variables);
  rmSync(folder, { recursive: true });

  expect(secrets.length).toBeGreaterThan(10);
  expect(JSON.stringify(view)).not.toContain('hidden');
  expect(view.values).toContainEqual({ name: 'HARBOR_LOGIN', from: 'environment', isSet: true, isSecret: true });
  expect(view.values).toContainEqual({ name: 'GITHUB_TOKEN', from: 'file', isSet: true, isSecret: true });
  expect(view.values).toContainEqual({
    name: 'targets.harbor.registry',
    from: 'ferry.yaml',
    isSet: true,
    isSecret: false,
    value: 'h.example',
  });
  expect(view.values.find(({ name }) => name === 'HTTPS_PROXY')?.value).toBe('http://***@proxy.example:3128');
});

test('the place of the database has no password', () => {
  const settings = { kind: 'mysql', host: 'db', port: 3306, user: 'ferry', password: 'hidden', database: 'f' } as const;

  expect(placeOfDatabase(settings)).toBe('mysql://ferry@db:3306/f');
});
