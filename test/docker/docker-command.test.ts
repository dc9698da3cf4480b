import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test, vi } from 'vitest';

import { DockerCommand } from '../../src/docker/docker-command.js';
import type { DockerCommandSettings } from '../../src/docker/docker-command.js';

/** A command that does what a script of Node says. */
function command(script: string, settings: Partial<DockerCommandSettings> = {}): DockerCommand {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-docker-command-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'docker');
  writeFileSync(program, `#!${process.execPath}\n${script}`);
  chmodSync(program, 0o755);
  return new DockerCommand({ program, environment: { FERRY_TEST: 'known' }, ...settings });
}

/** One that is over and waits for its parent to ask after it is not. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('it gets the variables that are given and no others, its input, and arguments that no shell has read', async () => {
  const docker = command(`
    let input = '';
    process.stdin.on('data', (chunk) => (input += chunk)).on('end', () => {
      console.log(JSON.stringify([process.argv.slice(2), Object.keys(process.env).sort(), input]));
    });`);

  const [line = ''] = await docker.run(['login', '$(id) ; "x"'], { side: 'target', input: 'sec:ret' });

  const [args, variables, input] = JSON.parse(line) as [string[], string[], string];
  expect(args).toEqual(['login', '$(id) ; "x"']);
  expect(variables.filter((name) => !name.startsWith('__CF'))).toEqual(['FERRY_TEST']);
  expect(input).toBe('sec:ret');
});

test('its lines are told while it runs', async () => {
  const lines: string[] = [];

  const docker = command(`console.log('one'); setTimeout(() => console.log('two'), 20);`);
  const printed = await docker.run(['pull'], { side: 'source', onLine: (line) => lines.push(line) });

  expect(lines).toEqual(['one', 'two']);
  expect(printed).toEqual(lines);
});

test('an abort ends it, even when it does not listen to SIGTERM', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const docker = command(`process.on('SIGTERM', () => {}); console.log(process.pid); setInterval(() => {}, 1000);`, {
    graceMs: 50,
  });
  let pid = 0;

  const run = docker.run(['push'], {
    side: 'target',
    signal: controller.signal,
    onLine: (line) => {
      pid = Number(line);
      controller.abort(reason);
    },
  });

  await expect(run).rejects.toBe(reason);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test('an abort ends a wrapper with the command that it wraps', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const docker = command(
    `const { spawn } = require('node:child_process');
     const wrapped = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
     console.log(wrapped.pid);
     setInterval(() => {}, 1000);`,
    { graceMs: 50 },
  );
  let pid = 0;

  const run = docker.run(['pull', 'x'], {
    side: 'source',
    signal: controller.signal,
    onLine: (line) => {
      pid = Number(line);
      controller.abort(reason);
    },
  });

  await expect(run).rejects.toBe(reason);
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
});

test.each([
  [
    'lines without end',
    `const line = 'x'.repeat(1000) + '\\n'; const more = () => process.stdout.write(line.repeat(100), more); more();`,
  ],
  ['one line without end', `const more = () => process.stdout.write('x'.repeat(100_000), more); more();`],
  ['errors without end', `const more = () => process.stderr.write('http://'.repeat(10_000), more); more();`],
])('one that prints %s is ended', async (_, script) => {
  const docker = command(script, { outputLimitBytes: 2_000_000 });

  const run = docker.run(['pull', 'x'], { side: 'source' });

  await expect(run).rejects.toMatchObject({ code: 'protocol', decision: 'block', side: 'source' });
  await expect(run).rejects.toThrow('docker pull x: it printed more than 2000000 bytes');
});

test('a failure of megabytes is told in a line, soon', async () => {
  const docker = command(`process.stderr.write('http://'.repeat(1_000_000), () => process.exit(1));`);

  const failure: unknown = await docker.run(['pull', 'x'], { side: 'source' }).catch((error: unknown) => error);

  expect(failure).toMatchObject({ code: 'internal' });
  expect(String(failure).length).toBeLessThan(1000);
});

test('one that says nothing for too long is ended', async () => {
  const docker = command('setInterval(() => {}, 1000);', { silenceLimitMs: 50 });

  await expect(docker.run(['pull', 'x'], { side: 'source' })).rejects.toMatchObject({
    code: 'stalled',
    decision: 'retry',
    side: 'source',
  });
});

test('one that somebody else ends is tried again', async () => {
  const docker = command(`process.kill(process.pid, 'SIGKILL');`);

  await expect(docker.run(['pull', 'x'], { side: 'source' })).rejects.toThrow('it was ended by SIGKILL');
});

test('a command that is not installed is a matter of configuration', async () => {
  const docker = new DockerCommand({ program: '/nowhere/docker', environment: {} });

  await expect(docker.run(['pull', 'x'], { side: 'source' })).rejects.toMatchObject({
    code: 'configuration',
    decision: 'block',
  });
});
