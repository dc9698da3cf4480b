import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { projectRoot } from '../support/tools.js';

const deploy = join(projectRoot, 'deploy', 'systemd');
const unit = readFileSync(join(deploy, 'image-ferry.service'), 'utf8');
const wrapper = readFileSync(join(deploy, 'ferry'), 'utf8');
const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-systemd-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('ferry-with-node', () => {
  test.each([
    ['nvm', '.nvm/versions/node/v24.1.0/bin/node'],
    ['fnm', '.local/share/fnm/node-versions/v22.3.0/installation/bin/node'],
    ['an older fnm', '.fnm/node-versions/v22.3.0/installation/bin/node'],
    ['asdf', '.asdf/installs/nodejs/22.3.0/bin/node'],
    ['volta', '.volta/tools/image/node/22.3.0/bin/node'],
    ['mise', '.local/share/mise/installs/node/22.3.0/bin/node'],
    ['nodenv', '.nodenv/versions/22.3.0/bin/node'],
    ['n', 'n/n/versions/node/22.3.0/bin/node'],
  ])('a service finds the Node that %s has put into the home of its user', (_, path) => {
    const node = makeNode(join('home', path), [22, 3]);

    const { status, stdout } = start(['status', 'nginx:1.27 x']);

    expect([status, stdout]).toEqual([0, `${node} ${join(folder, 'clone', 'bin', 'ferry')} status nginx:1.27 x\n`]);
  });

  test('of several versions of Node the service uses the newest, by number and not by letter', () => {
    makeNode('home/.nvm/versions/node/v9.11.2/bin/node', [9, 11]);
    makeNode('home/.nvm/versions/node/v22.9.0/bin/node', [22, 9]);
    const newest = makeNode('home/.nvm/versions/node/v22.10.0/bin/node', [22, 10]);

    expect(start([]).stdout).toContain(`${newest} `);
  });

  test('the service prefers the Node that the set-up ran with, and ignores it once it is gone', () => {
    const other = makeNode('home/.nvm/versions/node/v24.1.0/bin/node', [24, 1]);
    const own = makeNode('opt/node/bin/node', [22, 1]);
    mkdirSync(join(folder, 'clone', 'dist'), { recursive: true });
    writeFileSync(join(folder, 'clone', 'dist', 'node-path'), `${own}\n`);

    const first = start([]).stdout;
    rmSync(own);
    const second = start([]).stdout;

    expect([first.split(' ')[0], second.split(' ')[0]]).toEqual([own, other]);
  });

  test('a service without a Node that is recent enough ends with 2, which systemd does not restart, and says what to do', () => {
    makeNode('home/.nvm/versions/node/v18.20.0/bin/node', [18, 20]);
    makeNode('home/.nvm/versions/node/v20.18.0/bin/node', [20, 18]);

    const { status, stderr } = start([]);

    expect(status).toBe(2);
    expect(stderr).toContain('no Node 20.19 or later');
    expect(stderr).toContain('set PATH in /etc/image-ferry.env');
    expect(unit).toMatch(/^RestartPreventExitStatus=2$/m);
  });

  /** A clone whose Node is not on PATH; of the programs there only what the script itself needs. */
  function start(args: readonly string[]) {
    const path = join(folder, 'path');
    mkdirSync(path, { recursive: true });
    for (const program of ['sh', 'ls', 'sort', 'dirname', 'cat']) {
      const found = ['/usr/bin', '/bin'].map((place) => join(place, program)).find(existsSync);
      if (found !== undefined && !existsSync(join(path, program))) symlinkSync(found, join(path, program));
    }
    const clone = join(folder, 'clone', 'deploy', 'systemd');
    mkdirSync(clone, { recursive: true });
    const script = join(clone, 'ferry-with-node');
    writeFileSync(script, readFileSync(join(deploy, 'ferry-with-node')), { mode: 0o755 });
    return spawnSync('/bin/sh', [script, ...args], {
      encoding: 'utf8',
      env: { PATH: path, HOME: join(folder, 'home') },
    });
  }

  /** Answers the question for its version as Node does, and else prints how it was called. */
  function makeNode(path: string, [major, minor]: readonly [number, number]): string {
    const node = join(folder, path);
    mkdirSync(dirname(node), { recursive: true });
    const isRecent = major > 20 || (major === 20 && minor >= 19);
    writeFileSync(node, `#!/bin/sh\nif [ "$1" = -e ]; then exit ${isRecent ? 0 : 1}; fi\necho "$0 $*"\n`);
    chmodSync(node, 0o755);
    return node;
  }
});

test('the question for the version tells Node 20.19 from Node 20.18', () => {
  const script = readFileSync(join(deploy, 'ferry-with-node'), 'utf8');
  const question = /-e '([^']+)'/.exec(script)?.[1] ?? '';
  const answerOf = (version: string): number | null =>
    spawnSync(process.execPath, [
      '-e',
      `const version = ${JSON.stringify(version)}; ${question.replace('process.versions.node', 'version')}`,
    ]).status;

  expect(['18.20.8', '20.18.3', '20.19.0', '20.20.2', '22.0.0', '24.1.0'].map(answerOf)).toEqual([1, 1, 0, 0, 0, 0]);
});

test('commands against the service have its user, variables, data folder and start script', () => {
  const valueOf = (key: string): string => new RegExp(`^${key}=(.+)$`, 'm').exec(unit)?.[1] ?? '';

  expect(wrapper).toContain(` --uid=${valueOf('User')} `);
  expect(wrapper).toContain(` --working-directory=${valueOf('WorkingDirectory')} `);
  expect(wrapper).toContain(` --property=EnvironmentFile=${valueOf('EnvironmentFile')} `);
  expect(wrapper).toContain(` --setenv=${valueOf('Environment')} `);
  expect(`-- ${valueOf('ExecStart').replace(/ up$/, '')} "$@"`).toBe(wrapper.trimEnd().split('\n').at(-1)?.trim());
  expect(valueOf('Environment')).toBe(`FERRY_DATA_DIR=/var/lib/${valueOf('StateDirectory')}`);
});

// Where there is no systemd, its own check cannot be had.
test.skipIf(!hasAnalyze)('systemd-analyze verify has nothing to say of the unit', () => {
  const path = join(folder, 'image-ferry.service');
  // What it starts has to be there.
  writeFileSync(path, unit.replaceAll('/opt/image-ferry', projectRoot.replace(/\/$/, '')));

  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' });

  expect([status, stdout, stderr]).toEqual([0, '', '']);
});
