import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { InvalidInput } from '../../src/domain/ferry-error.js';
import { parseImageReference } from '@image-ferry/registry/reference';
import { DockerEngine } from '../../src/docker/docker-engine.js';
import type { DockerCopyReport } from '../../src/docker/docker-types.js';

const digest = `sha256:${'a'.repeat(64)}`;
const id = `sha256:${'b'.repeat(64)}`;

interface Stand {
  copy(options?: { readonly signal?: AbortSignal; readonly onPull?: () => void }): Promise<DockerCopyReport>;
  /** Every command that was run, with its arguments. */
  calls(): readonly (readonly string[])[];
}

/** A `docker` whose answers are these, by the words that begin the command; ordinary ones where there are none. */
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
  'an image called %j never comes to the command',
  (name) => {
    expect(() => parseImageReference(name)).toThrow(InvalidInput);
  },
);

test.each([
  ['image inspect', 'console.log("not JSON")', 'docker image inspect .* did not answer in JSON'],
  ['image inspect', 'console.log("[]")', 'did not say ID and size'],
  ['pull', 'console.log("Digest: sha256:no\\n\\n\\r\\nStatus: fine")', 'did not say what it pulled'],
])('a daemon whose %s answers %s is told of, and its names are put back', async (begin, script, said) => {
  const stand = standIn({ [begin]: script });

  const copying = stand.copy();

  await expect(copying).rejects.toMatchObject({ code: 'protocol', decision: 'block' });
  await expect(copying).rejects.toThrow(new RegExp(said));
});

test('a digest between other lines is read, and what looks like one in the middle of a line is not', async () => {
  const other = `sha256:${'c'.repeat(64)}`;
  const stand = standIn({
    pull: `console.log('Status: Digest: ${other}\\n\\nDigest: ${digest}\\n\\u0007Digest: ${other}')`,
  });

  await stand.copy().catch(() => {});

  expect(stand.calls().some(([command]) => command === 'push')).toBe(true);
});

test('cancelled during a pull it ends the command, and removes the names that the pull may have given', async () => {
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

test('a refusal of what was tried without credentials tells of those that were not used', async () => {
  const refusing = { pull: `console.error('pull access denied for team/app'); process.exit(1)` };
  const broken = 'config.json: auths "source.test": its "auth" is not base64';

  await expect(standIn(refusing, [broken]).copy()).rejects.toMatchObject({ code: 'unauthorized', side: 'source' });
  await expect(standIn(refusing, [broken]).copy()).rejects.toThrow(`unused credentials: ${broken}`);
  await expect(standIn(refusing).copy()).rejects.not.toThrow('not used');
});
