import { execa } from 'execa';

import { DockerFault, dockerFault } from './docker-fault.js';
import type { DockerSide } from './docker-fault.js';

const graceMs = 5_000;
const silenceLimitMs = 60 * 60_000;

export interface DockerCommandOptions {
  readonly signal?: AbortSignal;
  /** Whose words a failure is made of. */
  readonly side: DockerSide;
  /** For its standard input; nobody else on the machine sees it. */
  readonly input?: string;
  readonly onLine?: (line: string) => void;
}

export interface DockerCommandSettings {
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Default one hour. */
  readonly silenceLimitMs?: number;
  /** From SIGTERM to SIGKILL; default five seconds. */
  readonly graceMs?: number;
}

/** The `docker` command with its surroundings, run without a shell. */
export class DockerCommand {
  readonly #settings: DockerCommandSettings;

  constructor(settings: DockerCommandSettings) {
    this.#settings = settings;
  }

  /**
   * Runs it to its end. An aborted signal ends the process: SIGTERM, and SIGKILL where that does not help.
   *
   * @returns the lines of its standard output
   * @throws DockerFault when it fails, or falls silent for too long; the signal's reason when aborted
   */
  async run(
    args: readonly string[],
    { signal, side, input, onLine }: DockerCommandOptions,
  ): Promise<readonly string[]> {
    signal?.throwIfAborted();
    const { program, environment } = this.#settings;
    const limitMs = this.#settings.silenceLimitMs ?? silenceLimitMs;
    const what = `docker ${args.filter((arg) => !arg.startsWith('--format')).join(' ')}`;
    let fellSilent = false;
    const child = execa(program, args, {
      env: environment,
      extendEnv: false,
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
      stdout: function* (line: unknown) {
        watchdog.refresh();
        onLine?.(String(line));
        yield line;
      },
      lines: true,
      reject: false,
      forceKillAfterDelay: this.#settings.graceMs ?? graceMs,
    });
    const watchdog = setTimeout(() => {
      fellSilent = true;
      child.kill('SIGTERM');
    }, limitMs);
    const end = (): void => void child.kill('SIGTERM');
    signal?.addEventListener('abort', end, { once: true });
    try {
      const { failed, code, signal: endedBy, stdout, stderr } = await child;
      signal?.throwIfAborted();
      if (fellSilent) throw stalled(what, limitMs, side);
      if (code === 'ENOENT' || code === 'EACCES') throw notThere(program, code);
      if (endedBy !== undefined) throw dockerFault(what, `it was ended by ${endedBy}`, side);
      if (failed) throw dockerFault(what, stderr.join('\n'), side);
      return stdout;
    } finally {
      clearTimeout(watchdog);
      signal?.removeEventListener('abort', end);
    }
  }
}

function stalled(what: string, limitMs: number, side: DockerSide): DockerFault {
  const message = `${what}: it said nothing for ${Math.round(limitMs / 1000)} s and was ended`;
  return new DockerFault(message, { side, code: 'stalled', decision: 'retry' });
}

function notThere(program: string, code: string): DockerFault {
  const message = `the command "${program}" cannot be run (${code}): install Docker's command line on this worker's machine`;
  return new DockerFault(message, { side: 'daemon', code: 'configuration', decision: 'park' });
}
