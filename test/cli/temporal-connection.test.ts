import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { temporalConnection } from '../../src/cli/temporal-connection.js';
import { readBaseConfig } from '../../src/config/base-config.js';
import { identifyProcess } from '../../src/supervisor/process-identity.js';
import type { ProcessIdentity } from '../../src/supervisor/process-identity.js';
import { writeRuntime } from '../../src/supervisor/runtime-file.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-place-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const self = identifyProcess(process.pid);
const place = (variables: Readonly<Record<string, string>> = {}) =>
  temporalConnection(readBaseConfig({ FERRY_DATA_DIR: folder, HOME: folder, ...variables }));

test('the advice for an address from TEMPORAL_ADDRESS is never to set TEMPORAL_ADDRESS', () => {
  const { address, advice, note } = place({ TEMPORAL_ADDRESS: '127.0.0.1:7233' });

  expect(address).toBe('127.0.0.1:7233');
  expect(advice).toContain('TEMPORAL_ADDRESS sets this address: start that server or correct the address');
  expect(advice).toContain('To let "ferry up" run Temporal here, unset TEMPORAL_ADDRESS');
  expect(note).toBeUndefined();
});

test("the advice for an address from Temporal's configuration file names that file", () => {
  const file = join(folder, 'temporal.toml');
  writeFileSync(file, '[profile.default]\naddress = "temporal.example.com:7233"\n');

  const { address, advice } = place({ TEMPORAL_CONFIG_FILE: file });

  expect(address).toBe('temporal.example.com:7233');
  expect(advice).toContain("Temporal's configuration file sets this address");
  expect(advice).not.toContain('TEMPORAL_ADDRESS');
});

test('a TEMPORAL_ADDRESS that differs from a running ferry up is reported with both addresses', () => {
  recordUp(self);

  const { address, advice, note } = place({ TEMPORAL_ADDRESS: '127.0.0.1:7233' });

  expect(address).toBe('127.0.0.1:7233');
  expect(note).toContain('127.0.0.1:7233: TEMPORAL_ADDRESS is set, but "ferry up"');
  expect(advice).toContain('uses 127.0.0.1:20001: unset it, or set it to 127.0.0.1:20001');
});

test('commands use the Temporal of a running ferry up and name its logs if it does not answer', () => {
  recordUp(self);

  expect(place()).toMatchObject({
    address: '127.0.0.1:20001',
    advice: `"ferry up" on this data folder runs it: see its terminal and ${join(folder, 'logs')}`,
  });
  expect(place({ TEMPORAL_ADDRESS: '127.0.0.1:20001' }).note).toBeUndefined();
});

test('the runtime file of a killed ferry up is not taken for a running Temporal', () => {
  recordUp({ pid: process.pid, startedAt: 'long ago' });

  expect(place()).toMatchObject({ address: '127.0.0.1:7233' });
  expect(place().advice).toBeUndefined();
});

function recordUp(up: ProcessIdentity | undefined): void {
  if (up === undefined) throw new Error('cannot identify this process');
  writeRuntime(folder, { up, temporal: { address: '127.0.0.1:20001' } });
}
