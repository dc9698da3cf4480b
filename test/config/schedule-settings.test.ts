import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { readSchedulingConfig } from '../../src/config/read-config.js';
import type { SchedulesConfig } from '../../src/config/schedule-settings.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-schedules-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function read(yaml: string, variables: Record<string, string> = {}): SchedulesConfig {
  const path = join(folder, 'ferry.yaml');
  writeFileSync(path, yaml);
  return readSchedulingConfig({ FERRY_CONFIG: path, FERRY_DATA_DIR: folder, ...variables }).schedules;
}

test('by default the sync runs every three hours, and both upstreams are checked daily', () => {
  const { settings, off, areKept, configuration } = read('');

  expect(
    settings.map(({ id, does, timing }) => [id, does.kind, 'everyMs' in timing ? timing.everyMs / 3_600_000 : 0]),
  ).toEqual([
    ['sync-all', 'sync', 3],
    ['audit', 'audit', 0],
    ['fetch-dify', 'fetch', 24],
    ['fetch-xinference', 'fetch', 24],
  ]);
  expect([off, areKept]).toEqual([[], true]);
  expect(configuration).toBe(join(folder, 'ferry.yaml'));
});

test('each schedule can have its own interval or cron expressions, or be switched off', () => {
  const { settings, off } = read(`
schedules:
  sync-all: { every: 90m, offset: 5m }
  fetch-dify: { cron: 17 3 * * *, timezone: Asia/Shanghai }
  fetch-xinference: off
`);

  expect(settings.map(({ id, timing }) => [id, timing])).toEqual([
    ['sync-all', { everyMs: 5_400_000, offsetMs: 300_000 }],
    ['audit', { cron: ['30 3 * * *'], timezone: 'Asia/Shanghai' }],
    ['fetch-dify', { cron: ['17 3 * * *'], timezone: 'Asia/Shanghai' }],
  ]);
  expect(off).toEqual(['fetch-xinference']);
});

test('a configured upstream has a schedule with its name', () => {
  const { settings, off } = read(`
upstreams:
  n8n: { kind: release, repository: n8n-io/n8n, images: ['n8nio/n8n:{version}'], schedule: { every: 12h } }
  grafana: { kind: tags, image: grafana/grafana }
`);

  expect(settings.at(-1)).toMatchObject({ id: 'fetch-n8n', does: { kind: 'fetch', upstream: 'n8n' } });
  expect(off).toEqual(['fetch-grafana']);
});

test('FERRY_SCHEDULES=off switches off the management of schedules', () => {
  expect(read('', { FERRY_SCHEDULES: 'off' }).areKept).toBe(false);
  expect(() => read('', { FERRY_SCHEDULES: 'no' })).toThrow('expected on or off');
});

describe('invalid schedules are reported with their location', () => {
  test.each([
    ['sync-all: { every: 10s }', 'schedules.sync-all: every is "10s": expected at least 1m'],
    ['sync-all: { every: 1h, offset: 1h }', 'offset must be shorter'],
    ['sync-all: { every: 3 }', 'sync-all'],
    ['sync-all: { cron: 99 * * * * }', 'schedules.sync-all: the cron expression'],
    ['fetch-dify: { cron: 0 3 * * *, timezone: Asia/Shangai }', '"Asia/Shangai" is not a time zone'],
    ['fetch-defy: off', 'schedules.fetch-defy is unknown'],
  ])('the invalid schedule %s is reported with its location', (line, fault) => {
    expect(() => read(`schedules:\n  ${line}\n`)).toThrow(fault);
  });
});
