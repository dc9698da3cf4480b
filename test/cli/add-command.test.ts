import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { addCommand } from '../../src/cli/commands/add.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { writtenTo } from '../support/written-to.js';

let folder: string;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-add-'));
  vi.stubEnv('FERRY_DATA_DIR', folder);
  said = writtenTo('stderr');
  writtenTo('stdout');
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const list = [
  '# images of other mirror scripts',
  'docker.io/mysql:5.7 --platform linux/arm64/v8',
  '--platform=linux/arm64 nginx:1.27',
  '[a/weaviate:1.19.0,b/sandbox:0.2.10]',
  'docker pull redis:7',
  'gcr.io/a/b:1 -> mirror/b:1',
  '',
].join('\n');
const wanted = [
  'docker.io/library/mysql:5.7 linux/arm64',
  'docker.io/library/nginx:1.27 linux/arm64',
  'docker.io/a/weaviate:1.19.0 linux/amd64',
  'docker.io/b/sandbox:0.2.10 linux/amd64',
  'docker.io/library/redis:7 linux/amd64',
];

test.each(['--file', 'standard input', 'an argument', '--payload', '--payload with a list of lines'])(
  'ferry add reads a list in the same way from %s',
  async (entrance) => {
    const status = await add(entrance);

    // One line of the list is refused.
    expect(status).toBe(1);
    expect((await rows()).sort()).toEqual(wanted.toSorted());
  },
);

test('ferry add requests nothing when --platform is missing before a platform', async () => {
  await expect(addCommand(['nginx:1.27', 'linux/arm64'], { sync: false })).rejects.toThrow(
    '"linux/arm64" is a platform, not an image: use --platform linux/arm64',
  );
});

test('ferry add ignores unknown fields of a payload and reports them', async () => {
  const path = write('payload.json', JSON.stringify({ image: 'nginx:1.27', user: 'ci' }));

  await addCommand([], { payload: path, sync: false });

  expect(said.join('')).toContain('unknown fields are ignored: user');
  expect(await rows()).toEqual(['docker.io/library/nginx:1.27 linux/amd64']);
});

async function add(entrance: string): Promise<number> {
  switch (entrance) {
    case '--file':
      return await addCommand([], { file: write('images.txt', list), sync: false });
    case 'standard input': {
      const input = new PassThrough();
      input.end(list);
      vi.spyOn(process, 'stdin', 'get').mockReturnValue(input as unknown as typeof process.stdin);
      return await addCommand([], { file: '-', sync: false });
    }
    case 'an argument':
      return await addCommand([list], { sync: false });
    case '--payload':
      return await addCommand([], { payload: write('p.json', JSON.stringify({ images: list })), sync: false });
    default:
      return await addCommand([], { payload: write('p.json', JSON.stringify(list.split('\n'))), sync: false });
  }
}

function write(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function rows(): Promise<string[]> {
  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  const found = await database.queries
    .selectFrom('images_for_push')
    .select(['image', 'platform'])
    .orderBy('id')
    .execute();
  await database.close();
  return found.map(({ image, platform }) => `${image} ${platform}`);
}
