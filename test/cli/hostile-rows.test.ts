import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { copyCommand } from '../../src/cli/commands/copy.js';
import { listCommand } from '../../src/cli/commands/list.js';
import { migrateCommand } from '../../src/cli/commands/migrate.js';
import { planCommand } from '../../src/cli/commands/plan.js';
import { statusCommand } from '../../src/cli/commands/status.js';
import { run } from '../../src/cli/main.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { answer, answerError } from '../support/scripted-registry.js';
import { repository, sourceAndTarget } from '../support/scripted-set-up.js';

/** Clears the screen, reverses and hides text, begins a line, and contains a GitHub runner command. */
const hostile = '\u001b[2J\u009b1m\u007f\u202e\u2066\u200b\u2028\r\n::error::owned ##[error]x';

let folder: string;
let output: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-hostile-'));
  vi.stubEnv('FERRY_DATA_DIR', folder);
  vi.stubEnv('DOCKER_CONFIG', folder);
  vi.stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:1');
  vi.stubEnv('MY_REGISTRY', 'http://127.0.0.1:1');
  output = '';
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      output += String(text);
      return true;
    });
  }
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** A row of another program, with the worst characters in every text column. */
async function writeRows(): Promise<void> {
  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  await migrate(database);
  const { queries } = database;
  await queries
    .insertInto('images_for_push')
    .values([
      {
        source_registry_url: `docker.io${hostile}`,
        orig_name_space: hostile,
        orig_image_name: `nginx${hostile}:1`,
        platform: `linux/${hostile}`,
        push_status: 0,
      },
      {
        source_registry_url: 'docker.io',
        orig_name_space: 'library',
        orig_image_name: 'nginx:1.27',
        platform: 'linux/amd64',
        push_status: 0,
        note: hostile,
        blocked_code: 'denied',
        blocked_reason: hostile,
      },
    ])
    .execute();
  await database.close();
}

/** Control characters left in the output. Line ends are the ferry's own, and no row starts a line of its own. */
function acting(): readonly string[] {
  const found = output.match(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|^\s*::.*|##\[/gmu);
  return output === '' ? ['nothing was said'] : (found ?? []);
}

test.each([
  ['wanted', '\\u001b[2J\\u009b1m\\u007f\\u202e\\u2066\\u200b'],
  ['blocked', '\\u001b[2J'],
  ['waiting', 'no image is'],
  ['pushed', 'no image is'],
])('ferry list %s prints control characters as escapes', async (list, shown) => {
  await writeRows();
  await migrateCommand({});
  output = '';

  await listCommand(list, { limit: '10' });

  expect(acting()).toEqual([]);
  expect(output).toContain(shown);
});

test('ferry list --json prints control characters as escapes and keeps the data', async () => {
  await writeRows();

  await listCommand('wanted', { limit: '10', json: true });

  expect(acting()).toEqual([]);
  expect(JSON.stringify(JSON.parse(output))).toContain(JSON.stringify(hostile).slice(1, -1));
});

test('ferry status escapes control characters in the reason and note of a row', async () => {
  await writeRows();

  await statusCommand('nginx:1.27', {});
  expect(acting()).toEqual([]);
  output = '';
  await statusCommand(undefined, {});
  expect(acting()).toEqual([]);
});

test('ferry plan escapes control characters of a row', async () => {
  await writeRows();

  await planCommand({});

  expect(acting()).toEqual([]);
});

test("control characters in a registry's message are escaped in the terminal", async () => {
  const [source, target] = await sourceAndTarget();
  source.when('HEAD', /manifests/, ({ response }) => answer(response, 405));
  source.when('GET', /manifests/, ({ response }) => answerError(response, 403, `DENIED${hostile}`, hostile));

  await copyCommand(`${source.host}/${repository}:v1`, [`${target.host}/mirror/app`], {}).catch(
    async (error: unknown) => {
      const { reportFault } = await import('../../src/cli/exit-status.js');
      reportFault(error);
    },
  );

  expect(output).toContain('owned');
  expect(acting()).toEqual([]);
});

test.each([
  [[hostile]],
  [['list', hostile]],
  [['copy', hostile, hostile]],
  [['plan', `--${hostile}`]],
  [['status', hostile]],
])('control characters in invalid arguments are escaped: %j', async (argv) => {
  await run(['node', 'ferry', ...argv]);

  expect(acting()).toEqual([]);
});
