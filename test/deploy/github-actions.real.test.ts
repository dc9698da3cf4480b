import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { pushImage } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { readActionsWorkflow, runSteps } from '../support/actions-workflow.js';
import type { Expressions } from '../support/actions-workflow.js';
import { startGitHubStandIn } from '../support/github-stand-in.js';
import type { GitHubStandIn } from '../support/github-stand-in.js';
import { startMariaDb } from '../support/mariadb-server.js';
import type { MariaDbServer } from '../support/mariadb-server.js';
import { projectRoot } from '../support/tools.js';
import { startTwoTargetStage } from '../support/two-target-stage.js';
import type { TwoTargetStage } from '../support/two-target-stage.js';

const hasGo = spawnSync('go', ['version']).status === 0;

/** What actionlint 1.7.12 does not know yet; a unit test holds its values. */
const unknownToActionlint = 'unexpected key "queue" for "concurrency" section';

// Where there is no Go, actionlint cannot be had here.
test.skipIf(!hasGo)('actionlint has nothing to say of the workflow files', { timeout: 300_000 }, () => {
  const cache = mkdtempSync(join(tmpdir(), 'ferry-actionlint-'));
  const folders = ['deploy/github-actions', '.github/workflows'].map((folder) => join(projectRoot, folder));
  const program = join(cache, 'actionlint');
  try {
    execFileSync('go', ['build', '-o', program, 'github.com/rhysd/actionlint/cmd/actionlint'], {
      cwd: join(projectRoot, 'test', 'deploy', 'actionlint'),
      stdio: 'pipe',
    });

    const files = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
    const { status, stdout } = spawnSync(program, ['-no-color', '-ignore', unknownToActionlint, ...files], {
      encoding: 'utf8',
    });

    expect([status, stdout]).toEqual([0, '']);
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
});

describe('the workflow files on a machine without anything but a database', () => {
  let mariaDb: MariaDbServer;
  let stage: TwoTargetStage;
  let gitHub: GitHubStandIn;
  let machine: NodeJS.ProcessEnv;
  let secrets: Expressions;

  beforeAll(async () => {
    mariaDb = await startMariaDb();
    stage = await startTwoTargetStage(100_000_000);
    gitHub = await startGitHubStandIn();
    for (const [repository, tag] of [
      ['org/one', '1'],
      ['org/two', '1'],
      ['org/asked', '1'],
      ['org/found', 'v2'],
    ] as const) {
      const image = await makeImage({ name: `${repository}:${tag}`, layers: [40_000, 20_000] });
      await pushImage(stage.source, { image, repository, tag });
    }
    const {
      ALIYUN_REGISTRY: aliyunRegistry,
      ALIYUN_NAME_SPACE: aliyunNamespace,
      MY_REGISTRY: privateRegistry,
      ...rest
    } = stage.environment;
    machine = { ...rest, GITHUB_API_URL: gitHub.url };
    secrets = {
      'secrets.MYSQL_HOST': mariaDb.host,
      'secrets.MYSQL_PORT': String(mariaDb.port),
      'secrets.MYSQL_DB': 'images',
      'secrets.MYSQL_USER': mariaDb.user,
      'secrets.MYSQL_PASSWORD': mariaDb.password,
      'secrets.ALIYUN_REGISTRY': aliyunRegistry ?? '',
      'secrets.ALIYUN_NAME_SPACE': aliyunNamespace ?? '',
      'secrets.MY_REGISTRY': privateRegistry ?? '',
    };
    await insertPending('org', 'one:1');
    await insertPending('org', 'two:1');
  }, 120_000);
  afterAll(async () => {
    await gitHub.stop();
    await stage.clear();
    await mariaDb.stop();
  });

  /** As the older scripts do. */
  async function insertPending(namespace: string, name: string): Promise<void> {
    const { host, port, user, password } = mariaDb;
    const settings = { kind: 'mysql', host, port, user, password, database: 'images' } as const;
    const database = await openDatabase(settings);
    await migrate(database);
    await database.close();
    const connection = await createConnection({ host, port, user, password, database: 'images' });
    await connection.query(
      'insert into images_for_push (source_registry_url, orig_name_space, orig_image_name) values (?, ?, ?)',
      [stage.proxy.host, namespace, name],
    );
    await connection.end();
  }

  const requests = () => stage.proxy.reads().reduce((sum, read) => sum + read.requests, 0);
  const leftBehind = () => existsSync(join(stage.environment['FERRY_DATA_DIR'] ?? '', 'runtime.json'));
  const run = async (name: string, expressions: Expressions = {}) =>
    await runSteps(readActionsWorkflow(name), { ...secrets, ...expressions }, machine);

  test(
    'sync-images.yml copies what is pending in one run; the next run reads no blob',
    { timeout: 300_000 },
    async () => {
      const first = await run('sync-images.yml');
      const readOnce = requests();
      const second = await run('sync-images.yml');

      expect(first.map(({ name, status }) => [name, status])).toEqual([
        ['Check the secrets', 0],
        ['Set up', 0],
        ['Copy pending images', 0],
      ]);
      expect(first.at(-1)?.output).toContain('2 images in 1 run: 2 pushed, 0 waiting, 0 retrying, 0 blocked');
      expect(readOnce).toBe(6);
      expect(second.at(-1)).toMatchObject({
        status: 0,
        output: expect.stringContaining('Nothing was pending.') as string,
      });
      expect(requests()).toBe(readOnce);
      expect(leftBehind()).toBe(false);
    },
  );

  test('add-image.yml records what a dispatch names, refuses the rest, and copies', { timeout: 300_000 }, async () => {
    const payload = { images: [`${stage.proxy.host}/org/asked:1`, '127.0.0.1:1/evil:$(touch hacked)'] };
    const request = 'toJSON(github.event.client_payload || github.event.inputs)';

    const steps = await run('add-image.yml', { [request]: JSON.stringify(payload, null, 2) });

    const recorded = steps.find(({ name }) => name === 'Record the request');
    expect(recorded?.status).toBe(1);
    expect(recorded?.output).toContain('added');
    expect(recorded?.output).toContain('refused');
    expect(steps.at(-1)).toMatchObject({ status: 0, output: expect.stringContaining('1 pushed') as string });
    expect(existsSync(join(projectRoot, 'hacked'))).toBe(false);
    expect(leftBehind()).toBe(false);
  });

  test('fetch-dify.yml looks for a release, and copies what it brought', { timeout: 300_000 }, async () => {
    gitHub.setTags('langgenius/dify', ['1.9.9']);
    gitHub.setFile(
      'langgenius/dify',
      '1.9.9',
      'docker/docker-compose.yaml',
      `services:\n  api:\n    image: ${stage.proxy.host}/org/found:v2\n`,
    );

    const steps = await run('fetch-dify.yml');

    expect(steps.at(-1)).toMatchObject({ name: 'Check for new releases and copy them', status: 0 });
    expect(steps.at(-1)?.output).toContain('dify 1.9.9');
    expect(steps.at(-1)?.output).toContain('1 pushed');
    expect(leftBehind()).toBe(false);
  });
});
