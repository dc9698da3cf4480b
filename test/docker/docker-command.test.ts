import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

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
    decision: 'park',
  });
});
