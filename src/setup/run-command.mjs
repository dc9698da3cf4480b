import { spawn } from 'node:child_process';
import { homedir } from 'node:os';

/**
 * Runs a program to completion, without a shell and without standard input.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{cwd?: string, env?: Readonly<Record<string, string>>, timeoutMs?: number}} options `env`: added to the
 * environment of this process
 * @returns {Promise<import('./program-types.js').CommandOutput>} `output`: both streams together; or why it could not
 * be started
 */
export function runCommand(program, args, { cwd, env = {}, timeoutMs } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      // HOME may be unset (in a bare container); Go and npm then have no folder for their caches.
      env: { ...process.env, HOME: process.env['HOME'] || homedir(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      windowsHide: true,
    });
    let output = '';
    const collect = (/** @type {string} */ chunk) => (output += chunk);
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', (error) => resolve({ ok: false, output: `${program}: ${error.message}` }));
    child.on('close', (code, signal) => {
      if (signal !== null) output += `\n${program} was ended by ${signal}`;
      resolve({ ok: code === 0, output: output.trim() });
    });
  });
}

/**
 * The beginning and end of a program's output, indented: npm prints the reason first, compilers and Go print it last.
 *
 * @param {string} output
 * @param {number} count number of lines
 */
export function excerpt(output, count = 16) {
  const lines = output.split('\n');
  const half = count / 2;
  const shown = lines.length <= count ? lines : [...lines.slice(0, half), '…', ...lines.slice(-half)];
  return shown.map((line) => `    ${line}`).join('\n');
}
