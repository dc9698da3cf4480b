import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest';

import { startGitHubStandIn } from '../../demo/github-stand-in.js';
import type { GitHubStandIn } from '../../demo/github-stand-in.js';
import { startRegistry } from '../../demo/registry-server.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import { runChecks } from '../../src/checks/check.js';
import type { Finding } from '../../src/checks/check.js';
import { ObservedClocks, clockFinding } from '../../src/checks/registry-checks.js';
import { doctorCommand } from '../../src/cli/commands/doctor.js';
import { wantedSources } from '../../src/cli/doctor/wanted-sources.js';
import { readConfig } from '../../src/config/read-config.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { judgeMysqlVersion } from '../../src/database/server-version.js';
import { createStores } from '../../src/database/stores.js';
import { freshNamespace } from '../support/temporal-server.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import type { WorkflowWorker } from '../support/workflow-worker.js';
import { ScriptedWorld } from '../workflows/scripted-world.js';

const account = { user: 'ferry', password: 'right' };

let target: RegistryServer;
let source: RegistryServer;
let github: GitHubStandIn;
let worker: WorkflowWorker;
let folder: string;

beforeAll(async () => {
  target = await startRegistry({ kind: 'distribution', htpasswd: account });
  source = await startRegistry({ kind: 'docker-registry' });
  github = await startGitHubStandIn();
  // A worker that serves all queues, including the one for Docker daemons.
  worker = await startWorkflowWorker({
    ...new ScriptedWorld().activities(),
    copyByDocker: async () => await Promise.reject(new Error('nothing is copied here')),
  });
});

afterAll(async () => {
  await worker.stop();
  await Promise.all([target.stop(), source.stop(), github.stop()]);
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-doctor-'));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
});

/** Runs the command with a valid set-up, except for what the test changes. */
async function examine(
  changes: Readonly<Record<string, string>> = {},
  configuration: Readonly<Record<string, unknown>> = {},
): Promise<{ status: number; of: Map<string, Finding> }> {
  const path = join(folder, 'ferry.yaml');
  const standard = { hosts: { [source.host]: {} }, github: { apiUrl: github.url } };
  writeFileSync(path, JSON.stringify({ ...standard, ...configuration }));
  const variables = {
    FERRY_DATA_DIR: folder,
    FERRY_CONFIG: path,
    DOCKER_CONFIG: folder,
    MY_REGISTRY: target.url,
    MY_REGISTRY_USER: account.user,
    MY_REGISTRY_PASSWORD: account.password,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: worker.namespace,
    ...changes,
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const printed: string[] = [];
  const output = vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  const status = await doctorCommand({ json: true }).finally(() => output.mockRestore());
  const findings = JSON.parse(printed.join('')) as Finding[];
  return { status, of: new Map(findings.map((finding) => [finding.part, finding])) };
}

async function makeDatabase(): Promise<void> {
  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  await migrate(database);
  await database.close();
}

describe('ferry doctor', () => {
  test('ferry doctor reports ok for every part of a valid set-up and cancels its test upload', async () => {
    await makeDatabase();

    const { status, of } = await examine();

    expect([...of.values()].filter(({ ok }) => !ok)).toEqual([]);
    expect(status).toBe(0);
    expect([...of.keys()]).toEqual([
      'configuration',
      'database',
      'temporal',
      'workers',
      'disk',
      'target private',
      'uploads',
      `source ${source.host}`,
      'github',
      'clock',
    ]);
    expect(of.get('configuration')?.message).toMatch(/^targets private \(.*; configuration file .*\/ferry\.yaml$/);
    expect(of.get('database')?.message).toMatch(/^SQLite 3\./);
    expect(of.get('github')?.message).toMatch(/^[0-9]+ of 60 requests left for this hour$/);
    const uploads = (await target.requests()).filter(({ path }) => path.includes('/blobs/uploads/'));
    expect(uploads.map(({ method }) => method)).toContain('DELETE');
  });

  test('ferry doctor shows what was learned about the uploads to each target', async () => {
    await makeDatabase();
    const before = (await examine()).of.get('uploads');
    const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
    await createStores(database).habits.save(target.host, {
      afterBreak: 'keeps-chunks',
      takesChunks: true,
      leastChunkBytes: 5_000_000,
      mostBodyBytes: 20_000_000,
      bytesBetweenBreaks: 24_000_000,
    });
    await database.close();

    const after = (await examine()).of.get('uploads');

    expect(before?.message).toBe(`${target.host}: not known yet whether uploads continue after a broken connection`);
    expect(after).toEqual({
      part: 'uploads',
      ok: true,
      message: `${target.host}: a broken upload continues after its last whole chunk; chunks of at least 5.0 MB; requests of at most 20.0 MB; connections broke after 24.0 MB lately`,
    });
  });

  test("ferry doctor reports each part's own error and what to do", async () => {
    github.limit(0, 3_600_000);
    onTestFinished(() => github.limit(60, 3_600_000));

    const { status, of } = await examine({
      MY_REGISTRY_PASSWORD: 'wrong',
      TEMPORAL_NAMESPACE: 'no-such-namespace',
      ALIYUN_REGISTRY: 'http://127.0.0.1:9',
      ALIYUN_NAME_SPACE: 'team',
    });

    expect(status).toBe(1);
    expect(of.get('database')).toMatchObject({ ok: false, message: expect.stringContaining('ferry migrate') });
    expect(of.get('temporal')).toMatchObject({ ok: false, message: expect.stringContaining('no-such-namespace') });
    expect(of.get('workers')).toEqual({
      part: 'workers',
      ok: false,
      message: 'unknown: only Temporal knows its workers; fix "temporal" first',
      code: 'temporal',
    });
    expect(of.get('target private')).toMatchObject({
      ok: false,
      message: expect.stringContaining('check the user and password'),
    });
    expect(of.get('target aliyun')).toMatchObject({ ok: false, message: expect.stringContaining('127.0.0.1:9') });
    expect(of.get('github')).toMatchObject({
      ok: false,
      message: expect.stringContaining('GITHUB_TOKEN raises the limit'),
    });
    expect(of.get('disk')?.ok).toBe(true);
    expect(of.get(`source ${source.host}`)?.ok).toBe(true);
    expect(JSON.stringify([...of.values()])).not.toContain('wrong');
  });

  test('ferry doctor checks GitHub only if a schedule uses it, and warns only if this machine keeps no schedules', async () => {
    await makeDatabase();
    const away = { github: { apiUrl: 'http://127.0.0.1:9' } };
    const off = { 'fetch-dify': 'off', 'fetch-xinference': 'off' };

    const used = await examine({}, away);
    const notKept = await examine({ FERRY_SCHEDULES: 'off' }, away);
    const unused = await examine({}, { ...away, schedules: off });

    expect(used.of.get('github')).toMatchObject({ ok: false, message: expect.stringContaining('fetch-dify: off') });
    expect(notKept.of.get('github')).toMatchObject({ ok: true, warning: true });
    expect(unused.of.get('github')).toEqual({
      part: 'github',
      ok: true,
      message: 'not used: no schedule checks an upstream on GitHub',
    });
    expect([used.status, notKept.status, unused.status]).toEqual([1, 0, 0]);
  });

  test('ferry doctor checks the Docker daemon of a target, and only warns if another machine serves it', async () => {
    await makeDatabase();
    const targets = { lab: { registry: 'lab.invalid', engine: 'docker' } };

    const runningElsewhere = await examine({ DOCKER_HOST: 'unix:///nowhere.sock' }, { targets });
    const nowhere = await examine(
      { DOCKER_HOST: 'unix:///nowhere.sock', TEMPORAL_NAMESPACE: freshNamespace() },
      { targets },
    );

    expect(runningElsewhere.of.get('docker')).toMatchObject({
      ok: true,
      warning: true,
      message: expect.stringContaining('serves lab'),
    });
    expect(nowhere.of.get('docker')).toMatchObject({ ok: false, message: expect.stringMatching(/[dD]ocker/) });
    expect(nowhere.of.get('workers')?.message).toContain(
      'task queue ferry-docker, which targets behind a Docker daemon',
    );
  });

  test('ferry doctor checks the sources of pending images, and a database that does not answer delays nothing', async () => {
    await makeDatabase();
    const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
    const row = (registry: string | null) => ({ source_registry_url: registry, orig_image_name: 'app:1' });
    const rows = ['https://Quay.io/', 'quay.io', null, 'not a host', 'done.example.com'].map(row);
    await database.queries.insertInto('images_for_push').values(rows).execute();
    await database.queries
      .updateTable('images_for_push')
      .set({ push_status: 1 })
      .where('source_registry_url', '=', 'done.example.com')
      .execute();
    await database.close();
    const config = readConfig({ FERRY_DATA_DIR: folder, MY_REGISTRY: target.url });
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const mysql = { kind: 'mysql', host: '127.0.0.1', port, user: 'u', password: '', database: 'd' } as const;

    const found = await wantedSources(config);
    const late = await wantedSources({ ...config, database: mysql }, 50);

    expect([...found].sort()).toEqual(['docker.io', 'quay.io']);
    expect(late).toEqual(['docker.io']);
  });

  test('ferry doctor reports an invalid configuration and still checks the rest', async () => {
    mkdirSync(join(folder, 'more'));
    await makeDatabase();

    const { status, of } = await examine({ MY_REGISTRY: 'not a host', FERRY_HISTORY_DAYS: 'many' });

    expect(status).toBe(1);
    expect(of.get('configuration')?.message).toMatch(/MY_REGISTRY[^]*FERRY_HISTORY_DAYS/);
    expect(of.get('database')?.ok).toBe(true);
    expect(of.get('workers')?.ok).toBe(true);
    expect(of.get('registries, github')).toMatchObject({ ok: false });
  });

  test('ferry doctor reports errors of the server settings and misspelled variables, and still checks the rest', async () => {
    await makeDatabase();

    const { status, of } = await examine({ FERRY_LISTEN: 'nowhere', FERRY_PLATFORM: 'linux/arm64' });

    expect(status).toBe(1);
    expect(of.get('configuration')).toMatchObject({
      ok: false,
      message: expect.stringContaining('FERRY_LISTEN is "now'),
    });
    expect(of.get('variables')).toMatchObject({
      warning: true,
      message: expect.stringContaining('did you mean FERRY_PLATFORMS?'),
    });
    expect([...of.values()].filter(({ ok }) => !ok).map(({ part }) => part)).toEqual(['configuration']);
  });

  test('ferry doctor times out a check that never answers, and delays nothing', async () => {
    const never = { part: 'slow', run: async () => await new Promise<string>(() => undefined) };
    const quick = { part: 'quick', run: async () => 'there' };

    const findings = await runChecks([never, quick], 50);

    expect(findings).toEqual([
      { part: 'slow', ok: false, message: 'no response within 0.05 s', code: 'unreachable' },
      { part: 'quick', ok: true, message: 'there' },
    ]);
  });

  test('ferry doctor reports a wrong clock by its difference from the closest registry', async () => {
    const clocks = new ObservedClocks();
    clocks.note('far.example.com', Date.now() - 7_200_000);
    clocks.note('near.example.com', Date.now() + 300_000);

    const [finding] = await runChecks([clockFinding(clocks)]);

    expect(finding).toMatchObject({ ok: false, message: expect.stringMatching(/^300 s behind near\.example\.com/) });
  });

  test.each([
    ['8.0.36', 'MySQL 8.0.36', false],
    ['5.7.44-log', 'MySQL 5.7.44', true],
    ['10.11.6-MariaDB-0+deb12u1', 'MariaDB 10.11.6', false],
    ['10.5.23-MariaDB', 'MariaDB 10.5.23', true],
  ])('ferry doctor reads version %s as %s, too old: %s', (version, text, tooOld) => {
    const judged = judgeMysqlVersion(version);

    expect(judged.text).toBe(text);
    expect(judged.tooOld !== undefined).toBe(tooOld);
  });
});
