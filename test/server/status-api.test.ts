import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { StatusDatabase } from '../../src/composition/status-database.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { apiToken, startHttpServer } from '../support/http-server.js';
import type { TestHttpServer } from '../support/http-server.js';
import { RecordedWork } from '../support/recorded-work.js';

const readRoutes = ['/api/status', '/api/images', '/api/image?reference=nginx', '/api/runs'];
let folder: string;
let work: RecordedWork;
let database: StatusDatabase;
let httpServer: TestHttpServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-status-api-'));
  work = new RecordedWork();
  database = new StatusDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  httpServer = await startHttpServer({ work, readDatabase: async (query) => await database.read(query) });
});
afterEach(async () => {
  await httpServer.stop();
  await database.close();
  rmSync(folder, { recursive: true });
});

const get = async (path: string, token = apiToken): Promise<Response> =>
  await fetch(`${httpServer.url}${path}`, { headers: { authorization: `Bearer ${token}` } });

test.each(readRoutes)('GET %s answers 503 with the reason until the database is there and migrated', async (path) => {
  const absent = await get(path);
  const empty = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  const unmigrated = await get(path);
  await migrate(empty);
  const migrated = await get(path);
  await empty.close();

  expect([absent.status, unmigrated.status, migrated.status]).toEqual([503, 503, 200]);
  expect(absent.headers.get('retry-after')).toBe('10');
  expect(await absent.text()).toContain('there is no database at');
  expect(await unmigrated.text()).toContain('the database is empty');
});

test('POST /api/images accepts images while there is no database', async () => {
  const response = await fetch(`${httpServer.url}/api/images`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
    body: '{"images": ["nginx:1.27"]}',
  });

  expect(response.status).toBe(202);
  expect(work.added).toHaveLength(1);
});

test.each(readRoutes)('GET %s is refused without a known token', async (path) => {
  expect((await get(path, 'wrong')).status).toBe(401);
});

test.each(['/api/images?state=gone', '/api/images?limit=0', '/api/images?cursor=x', '/api/image', '/api/runs?limit=x'])(
  'GET %s is refused with the name of the wrong parameter',
  async (path) => {
    const response = await get(path);

    expect(response.status).toBe(422);
    expect(await response.text()).toMatch(/state|limit|cursor|reference/);
  },
);
