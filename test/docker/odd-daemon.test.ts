import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseImageReference } from '@image-ferry/registry/reference';
import { expect, onTestFinished, test } from 'vitest';

import { DockerEngine } from '../../src/docker/docker-engine.js';
import type { DockerCopyReport } from '../../src/docker/docker-types.js';
import { InvalidInput } from '../../src/domain/ferry-error.js';

const digest = `sha256:${'a'.repeat(64)}`;
const id = `sha256:${'b'.repeat(64)}`;

interface Stand {
  copy(options?: { readonly signal?: AbortSignal; readonly onPull?: () => void }): Promise<DockerCopyReport>;
  /** Every command that was run, with its arguments. */
  calls(): readonly (readonly string[])[];
}

/** A `docker` with these outputs by the beginning of the command, and normal ones for all others. */
function standIn(answers: Readonly<Record<string, string>>, unused: readonly string[] = []): Stand {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-odd-docker-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'docker');
  const log = join(folder, 'calls');
  const ordinary = {
    pull: `console.log('Digest: ${digest}')`,
    'image inspect --format': `console.log('${id}')`,
    'image inspect': `console.log(JSON.stringify([{ Id: '${id}', Size: 5, Os: 'linux', Architecture: 'amd64' }]))`,
    push: `console.log('v1: digest: ${digest} size: 734')`,
  };
  writeFileSync(
    program,
    `#!${process.execPath}
     const words = process.argv.slice(2);
     require('node:fs').appendFileSync(${JSON.stringify(log)}, JSON.stringify(words) + '\\n');
     const answers = ${JSON.stringify({ ...ordinary, ...answers })};
     const found = Object.keys(answers).filter((begin) => words.join(' ').startsWith(begin));
     found.sort((a, b) => b.length - a.length);
     if (found.length > 0) eval(answers[found[0]]);`,
  );
  chmodSync(program, 0o755);
  const engine = new DockerEngine({
    program,
    environment: {},
    credentials: Object.assign(() => Promise.resolve(undefined), { unused: () => Promise.resolve(unused) }),
    isInsecure: () => false,
  });
  const target = { name: 'target', host: 'target.test', repository: 'mirror/app', tag: 'v1' };
  return {
    copy: async ({ signal, onPull } = {}) =>
      await engine.copy(
        {
          source: parseImageReference('source.test/team/app:v1'),
          platforms: [{ os: 'linux', architecture: 'amd64' }],
          targets: [target],
        },
        { ...(signal === undefined ? {} : { signal }), onProgress: () => onPull?.() },
      ),
    calls: () =>
      readFileSync(log, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as string[]),
  };
}

test.each(['-v/app:1', '--privileged', 'x/$(id):1', 'x/`id`', 'x/a;id', 'x/a b', 'x/a\nDigest:', "x/a'", 'x/..:1'])(
  'an image with the name %j is never passed to the docker command',
  (name) => {
    expect(() => parseImageReference(name)).toThrow(InvalidInput);
  },
);

test.each([
  ['image inspect', 'console.log("not JSON")', 'docker image inspect .* printed no valid JSON'],
  ['image inspect', 'console.log("[]")', 'printed no ID and size'],
  ['pull', 'console.log("Digest: sha256:no\\n\\n\\r\\nStatus: fine")', 'printed no digest'],
])('a daemon whose %s prints %s is reported, and its names are restored', async (begin, script, said) => {
  const stand = standIn({ [begin]: script });

  const copying = stand.copy();

  await expect(copying).rejects.toMatchObject({ code: 'protocol', decision: 'block' });
  await expect(copying).rejects.toThrow(new RegExp(said));
});

test('a digest on a line of its own is read, and one in the middle of a line is not', async () => {
  const other = `sha256:${'c'.repeat(64)}`;
  const stand = standIn({
    pull: `console.log('Status: Digest: ${other}\\n\\nDigest: ${digest}\\n\\u0007Digest: ${other}')`,
  });

  await stand.copy().catch(() => {});

  expect(stand.calls().some(([command]) => command === 'push')).toBe(true);
});

test('cancelling a pull ends the docker command and removes the names that the pull may have created', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const stand = standIn({
    pull: `console.log('0123456789ab: Downloading'); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`,
  });

  const copying = stand.copy({ signal: controller.signal, onPull: () => controller.abort(reason) });

  await expect(copying).rejects.toBe(reason);
  const removed = stand.calls().filter(([image, rm]) => image === 'image' && rm === 'rm');
  expect(removed).toContainEqual(['image', 'rm', 'source.test/team/app:v1']);
});

test('a refused request without credentials reports the unused credentials', async () => {
  const refusing = { pull: `console.error('pull access denied for team/app'); process.exit(1)` };
  const broken = 'config.json: auths "source.test": its "auth" is not base64';

  await expect(standIn(refusing, [broken]).copy()).rejects.toMatchObject({ code: 'unauthorized', side: 'source' });
  await expect(standIn(refusing, [broken]).copy()).rejects.toThrow(`unused credentials: ${broken}`);
  await expect(standIn(refusing).copy()).rejects.not.toThrow('not used');
});
