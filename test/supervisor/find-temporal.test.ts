import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { findTemporal } from '../../src/supervisor/find-temporal.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-temporal-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function temporal(path: string, server: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho "temporal version 1.0.0 (Server ${server}, UI 2.0.0)"\n`);
  chmodSync(file, 0o755);
  return file;
}

test('ferry up takes the Temporal CLI of the cache folder when the one on PATH is too old', async () => {
  temporal('programs/temporal', '1.24.2');
  const cached = temporal('cache/image-ferry/bin/temporal', '1.31.2');

  const found = await findTemporal({ PATH: join(folder, 'programs'), XDG_CACHE_HOME: join(folder, 'cache') });

  expect(found).toBe(cached);
});

test('ferry up refuses a Temporal CLI of FERRY_TEMPORAL_CLI that is too old, and says what to do', async () => {
  const old = temporal('programs/temporal', '1.24.2');
  temporal('cache/image-ferry/bin/temporal', '1.31.2');

  const finding = findTemporal({ FERRY_TEMPORAL_CLI: old, XDG_CACHE_HOME: join(folder, 'cache') });

  await expect(finding).rejects.toThrow(
    `the Temporal CLI is missing: run "ferry setup", or set TEMPORAL_ADDRESS to your own server. Searched:
  - FERRY_TEMPORAL_CLI=${old}: "temporal version 1.0.0 (Server 1.24.2, UI 2.0.0)" is not a Temporal CLI with server 1.29 or later`,
  );
});
