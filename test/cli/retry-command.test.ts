import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { addCommand } from '../../src/cli/commands/add.js';
import { listCommand } from '../../src/cli/commands/list.js';
import { retryCommand } from '../../src/cli/commands/retry.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { writtenTo } from '../support/written-to.js';

let folder: string;
let said: string[];
let printed: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-retry-'));
  vi.stubEnv('FERRY_DATA_DIR', folder);
  // No server listens at this address.
  vi.stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:1');
  said = writtenTo('stderr');
  printed = writtenTo('stdout');
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

test('ferry retry without Temporal reports that the change is kept', async () => {
  await addCommand(['nginx:1.27'], { sync: false });

  await expect(retryCommand('nginx:1.27', { sync: true })).rejects.toMatchObject({ code: 'temporal' });

  expect(printed.at(-1)).toBe('1 image is pending again\n');
  expect(said.join('')).toBe('The images stay pending for the next sync run. No sync was requested:\n');
}, 15_000);

test('ferry list waiting distinguishes retrying from waiting copies', async () => {
  await addCommand(['nginx:1.27'], { sync: false });
  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  await database.queries
    .insertInto('image_copies')
    .values({
      image: 'docker.io/library/nginx:1.27',
      target: 'private',
      state: 'retrying',
      attempts: 1,
      last_tried_at: 1,
    })
    .execute();
  await database.close();
  printed.splice(0);

  await listCommand('waiting', { limit: '10' });

  expect(printed.join('')).toMatch(/nginx:1\.27 +linux\/amd64 +retrying /);
});
