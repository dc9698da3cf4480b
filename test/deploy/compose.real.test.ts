import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { parse } from 'yaml';

import { checkWorker } from '../../src/cli/commands/check-worker.js';
import { awkwardPasswords } from '../support/awkward-passwords.js';
import { startMariaDb } from '../support/mariadb-server.js';
import type { MariaDbServer } from '../support/mariadb-server.js';
import { freshNamespace } from '../support/temporal-server.js';
import { projectRoot } from '../support/tools.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import { writtenTo } from '../support/written-to.js';
import { ScriptedWorld } from '../workflows/scripted-world.js';

interface ComposeFile {
  readonly services: Readonly<Record<string, { readonly healthcheck?: { readonly test: readonly string[] } }>>;
}

describe('the database of docker-compose.yml', () => {
  let mariaDb: MariaDbServer;
  let folder: string;

  beforeAll(async () => {
    mariaDb = await startMariaDb();
    folder = mkdtempSync(join(tmpdir(), 'ferry-compose-'));
  }, 120_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await mariaDb.stop();
  });

  test("the users and the health check of docker-compose.yml's database can log in with every password, and only with that", async () => {
    const script = join(projectRoot, 'deploy', 'mysql', 'users.sh');
    const { services } = parse(readFileSync(join(projectRoot, 'docker-compose.yml'), 'utf8'), {
      merge: true,
    }) as ComposeFile;
    const check = (services['mysql']?.healthcheck?.test.at(-1) ?? '').replaceAll('$$', '$');

    for (const [position, password] of awkwardPasswords.entries()) {
      const names = {
        FERRY_DB_NAME: `a_b'\`${position}`,
        FERRY_DB_USER: `it's ${position}`,
        FERRY_DB_PASSWORD: password,
      };
      // The script makes the user of Temporal once; here it is another one each time.
      const once = readFileSync(script, 'utf8').replaceAll("'temporal'@", `'temporal${position}'@`);
      asImage(once, { ...names, TEMPORAL_DB_PASSWORD: password });

      await logIn(names.FERRY_DB_USER, password, names.FERRY_DB_NAME);
      await logIn(`temporal${position}`, password);
      expect([healthOf(check, names), healthOf(check, { ...names, FERRY_DB_PASSWORD: 'another' })]).toEqual([0, 1]);
    }
  }, 120_000);

  test('the user of the ferry may use its own database, and none whose name only looks like it', async () => {
    const names = { FERRY_DB_NAME: 'image_ferry', FERRY_DB_USER: 'own', FERRY_DB_PASSWORD: 'p' };
    asImage(readFileSync(join(projectRoot, 'deploy', 'mysql', 'users.sh'), 'utf8'), {
      ...names,
      TEMPORAL_DB_PASSWORD: 'p',
    });
    const connection = await createConnection({ host: mariaDb.host, port: mariaDb.port, user: 'own', password: 'p' });

    await connection.query('create table image_ferry.a (id int)');
    const refused = connection.query('create database imageXferry');

    await expect(refused).rejects.toThrow(/denied/i);
    await connection.end();
  });

  /** As the image sources it, with a `mysql` that is root at the test's own server. */
  function asImage(script: string, env: Readonly<Record<string, string>>): void {
    const { host, port, user, password } = mariaDb;
    const access = `--no-defaults --host=${host} --port=${port} --user=${user} --password=${password}`;
    execFileSync('bash', ['--norc', '-eo', 'pipefail', '-c', `mysql() { command mysql ${access}; }\n${script}`], {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async function logIn(user: string, password: string, database?: string): Promise<void> {
    const { host, port } = mariaDb;
    const connection = await createConnection({ host, port, user, password, ...(database && { database }) });
    await connection.query('select 1');
    await connection.end();
  }

  /** In a shell whose `mysql` finds the test's own server where the image has the standard port. */
  function healthOf(check: string, env: Readonly<Record<string, string>>): number | null {
    const program = join(folder, 'mysql');
    const [real = 'mysql'] = execFileSync('which', ['mysql'], { encoding: 'utf8' }).split('\n');
    writeFileSync(program, `#!/bin/sh\nexec ${real} --no-defaults --port=${mariaDb.port} "$@"\n`, { mode: 0o755 });
    return spawnSync('/bin/sh', ['-c', check], { env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, ...env } })
      .status;
  }
});

describe('ferry worker --check', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  test('ferry worker --check succeeds with a worker of this machine, and fails where none polls', async () => {
    const printed = writtenTo('stdout');
    vi.stubEnv('TEMPORAL_ADDRESS', inject('temporalAddress'));
    const worker = await startWorkflowWorker(new ScriptedWorld().activities());

    vi.stubEnv('TEMPORAL_NAMESPACE', worker.namespace);
    await vi.waitFor(async () => expect(await checkWorker()).toBe(0), { timeout: 20_000 });
    vi.stubEnv('TEMPORAL_NAMESPACE', freshNamespace());
    const without = checkWorker();

    expect(printed.at(-1)).toContain(`A worker of ${hostname()} is polling ferry and ferry-copy at `);
    await expect(without).rejects.toMatchObject({
      code: 'temporal',
      message: expect.stringContaining(`no worker of ${hostname()} is polling task queue ferry at `) as string,
    });
    await worker.stop();
  }, 60_000);
});
