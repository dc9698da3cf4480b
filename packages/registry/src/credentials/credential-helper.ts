import type { RegistryCredentials } from '../client-options.js';
import { RegistryError } from '../errors.js';

const timeoutMs = 30_000;
const outputLimitCharacters = 1024 * 1024;
const notFoundMessage = /credentials not found/i;

/**
 * Runs `docker-credential-<helper> get` with the server on its standard input, as docker does.
 *
 * @returns undefined when the helper knows no credentials for the server
 * @throws RegistryError `credentials` if it cannot be run, or its answer is not valid
 */
export async function askCredentialHelper(helper: string, server: string): Promise<RegistryCredentials | undefined> {
  const program = `docker-credential-${helper}`;
  if (!/^[\w.-]+$/.test(helper)) throw fault(program, 'its name is not one');
  const { status, output } = await runHelper(program, server);
  if (status !== 0) {
    if (notFoundMessage.test(output)) return undefined;
    throw fault(program, `it ended with status ${status} for ${server}`);
  }
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    throw fault(program, `its answer for ${server} is not JSON`);
  }
  const { Username: username, Secret: secret } = (answer ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof username !== 'string' || typeof secret !== 'string') {
    throw fault(program, `its answer for ${server} has no Username and Secret`);
  }
  if (username === '<token>') return { username, password: '', identityToken: secret };
  return username === '' && secret === '' ? undefined : { username, password: secret };
}

function runHelper(program: string, server: string): Promise<{ readonly status: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    // Most processes never need it, and it takes them milliseconds to load.
    const { spawn } = process.getBuiltinModule('node:child_process');
    // No shell: the server's name is data. The helper's standard error is not passed on, because it may hold secrets.
    const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], timeout: timeoutMs });
    let output = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text: string) => {
      output += text;
      if (output.length > outputLimitCharacters) child.kill();
    });
    child.once('error', (error) => {
      const missing = 'code' in error && error.code === 'ENOENT';
      reject(fault(program, missing ? 'it is not installed (not on PATH)' : error.message));
    });
    child.once('close', (code, signal) => {
      if (code === null) reject(fault(program, `it was ended by ${signal ?? 'a signal'}`));
      else resolve({ status: code, output });
    });
    // A helper that does not read its input breaks the pipe; its answer counts.
    child.stdin.on('error', () => {});
    child.stdin.end(`${server}\n`);
  });
}

function fault(program: string, reason: string): RegistryError {
  return new RegistryError(
    `the credential helper ${program}, which docker's configuration names, did not work: ${reason}`,
    {
      code: 'credentials',
      decision: 'block',
    },
  );
}
