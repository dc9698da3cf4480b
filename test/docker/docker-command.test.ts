import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test, vi } from 'vitest';

import { DockerCommand } from '../../src/docker/docker-command.js';
import type { DockerCommandSettings } from '../../src/docker/docker-command.js';

/** A command that runs a Node script. */
function command(script: string, settings: Partial<DockerCommandSettings> = {}): DockerCommand {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-docker-command-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'docker');
  writeFileSync(program, `#!${process.execPath}\n${script}`);
  chmodSync(program, 0o755);
  return new DockerCommand({ program, environment: { FERRY_TEST: 'known' }, ...settings });
}

/** A process that has ended and waits for its parent counts as gone. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('the docker command gets only the given variables, its input, and arguments without a shell', async () => {
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

test('the lines of the docker command are reported while it runs', async () => {
  const lines: string[] = [];

  const docker = command(`console.log('one'); setTimeout(() => console.log('two'), 20);`);
  const printed = await docker.run(['pull'], { side: 'source', onLine: (line) => lines.push(line) });

  expect(lines).toEqual(['one', 'two']);
  expect(printed).toEqual(lines);
});

test('an abort ends the docker command, even if it ignores SIGTERM', async () => {
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

test('an abort ends a wrapper script together with the wrapped command', async () => {
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
])('a docker command that prints %s is terminated', async (_, script) => {
  const docker = command(script, { outputLimitBytes: 2_000_000 });

  const run = docker.run(['pull', 'x'], { side: 'source' });

  await expect(run).rejects.toMatchObject({ code: 'protocol', decision: 'block', side: 'source' });
  await expect(run).rejects.toThrow('docker pull x: it printed more than 2000000 bytes');
});

test('an error output of megabytes is reported in one line without delay', async () => {
  const docker = command(`process.stderr.write('http://'.repeat(1_000_000), () => process.exit(1));`);

  const failure: unknown = await docker.run(['pull', 'x'], { side: 'source' }).catch((error: unknown) => error);

  expect(failure).toMatchObject({ code: 'internal' });
  expect(String(failure).length).toBeLessThan(1000);
});

test('a docker command without output for too long is terminated', async () => {
  const docker = command('setInterval(() => {}, 1000);', { silenceLimitMs: 50 });

  await expect(docker.run(['pull', 'x'], { side: 'source' })).rejects.toMatchObject({
    code: 'stalled',
    decision: 'retry',
    side: 'source',
  });
});

test('a docker command that is killed from outside is retried', async () => {
  const docker = command(`process.kill(process.pid, 'SIGKILL');`);

  await expect(docker.run(['pull', 'x'], { side: 'source' })).rejects.toThrow('it was terminated by SIGKILL');
});

test('a missing docker command is a configuration error', async () => {
  const docker = new DockerCommand({ program: '/nowhere/docker', environment: {} });

  await expect(docker.run(['pull', 'x'], { side: 'source' })).rejects.toMatchObject({
    code: 'configuration',
    decision: 'block',
  });
});
