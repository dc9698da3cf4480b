import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execa } from 'execa';

import { FerryError } from '../domain/ferry-error.js';

const timeoutMs = 120_000;
/** The rendered charts of well-known projects have up to 10 MB, most of it definitions of resources. */
const mostOutput = 64 * 1024 * 1024;
const graceMs = 2_000;
/** Everything else of the environment could change what is rendered, or name a cluster. */
const handedOn = /^(?:https?_proxy|no_proxy|all_proxy|ssl_cert_(?:file|dir)|tmpdir)$/i;

export interface ProgramRun {
  /** Shown in messages: `helm template`. */
  readonly what: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Default: two minutes. */
  readonly timeoutMs?: number | undefined;
  /** In bytes; default: 64 MiB. */
  readonly mostOutput?: number | undefined;
}

/**
 * Runs a program without a shell, without standard input, with a limited time and output.
 *
 * @returns its standard output
 * @throws FerryError with what it printed; the signal's reason when aborted
 */
export async function runProgram(run: ProgramRun): Promise<string> {
  const { what, program, args, environment, signal } = run;
  const limitMs = run.timeoutMs ?? timeoutMs;
  const most = run.mostOutput ?? mostOutput;
  const child = execa(program, args, {
    env: { ...environment },
    extendEnv: false,
    stdin: 'ignore',
    timeout: limitMs,
    // More than is counted below, which ends the program at once.
    maxBuffer: 2 * most,
    forceKillAfterDelay: graceMs,
    reject: false,
    stripFinalNewline: false,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  let length = 0;
  const count = (chunk: Uint8Array): void => {
    length += chunk.length;
    // A program in a loop does not notice that its output is no longer read.
    if (length > most) child.kill('SIGKILL');
  };
  child.stdout.on('data', count);
  child.stderr.on('data', count);
  const result = await child;
  signal?.throwIfAborted();
  if (length > most) throw failed(`${what} was ended: it printed more than ${most} bytes`);
  if (result.timedOut) throw failed(`${what} was ended: it took more than ${limitMs / 1_000} s`);
  if (result.failed) throw failed(`${what} failed: ${excerpt(result.stderr) || result.shortMessage}`);
  return result.stdout;
}

/** A folder for one use, and the environment of a program whose own files are all in it. */
export async function withPrivateFolder<T>(
  variables: Readonly<Record<string, string | undefined>>,
  work: (folder: string, environment: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'image-ferry-find-'));
  const inherited = Object.entries(variables).flatMap(([name, value]) =>
    value !== undefined && handedOn.test(name) ? [[name, value] as const] : [],
  );
  try {
    return await work(folder, { ...Object.fromEntries(inherited), HOME: folder, PATH: '', KUBECONFIG: '/dev/null' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function failed(message: string): FerryError {
  return new FerryError(message, { code: 'upstream-format', decision: 'block' });
}

function excerpt(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('Use --debug'));
  return lines.slice(-8).join(' ').slice(-1_500);
}
