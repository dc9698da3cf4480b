import { execa } from 'execa';

import { DockerFault, dockerFault } from './docker-fault.js';
import type { DockerSide } from './docker-fault.js';
import { ProcessGroup } from './process-group.js';

const graceMs = 5_000;
const silenceLimitMs = 60 * 60_000;
/** Maximum of each output. A pull prints a few lines per layer; the longest outputs are lists of images. */
const outputLimitBytes = 16 * 1024 * 1024;

export interface DockerCommandOptions {
  readonly signal?: AbortSignal | undefined;
  /** The side whose error a failure is. */
  readonly side: DockerSide;
  /** Written to its standard input, which no other user of the machine can see. */
  readonly input?: string | undefined;
  readonly onLine?: (line: string) => void;
}

export interface DockerCommandSettings {
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Default 16 MiB for each of its outputs. */
  readonly outputLimitBytes?: number;
  /** Default one hour. */
  readonly silenceLimitMs?: number;
  /** Time from SIGTERM to SIGKILL; default five seconds. */
  readonly graceMs?: number;
}

/** The `docker` command with its environment, run without a shell. */
export class DockerCommand {
  readonly #settings: DockerCommandSettings;

  constructor(settings: DockerCommandSettings) {
    this.#settings = settings;
  }

  /**
   * Runs the command to completion. An aborted signal ends it and its children with SIGTERM, then with SIGKILL.
   *
   * @returns the lines of its standard output
   * @throws DockerFault if it fails, stalls or prints too much; the signal's reason when aborted
   */
  async run(
    args: readonly string[],
    { signal, side, input, onLine }: DockerCommandOptions,
  ): Promise<readonly string[]> {
    signal?.throwIfAborted();
    const { program, environment } = this.#settings;
    const limitMs = this.#settings.silenceLimitMs ?? silenceLimitMs;
    const limitBytes = this.#settings.outputLimitBytes ?? outputLimitBytes;
    const what = `docker ${args.filter((arg) => !arg.startsWith('--format')).join(' ')}`;
    let ended: DockerFault | undefined;
    const tooMuch = (): void => endWith(endless(what, limitBytes, side));
    const child = execa(program, args, {
      env: environment,
      extendEnv: false,
      // In a process group of its own: if the command is a script, its children are ended as well.
      detached: true,
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
      stdout: [
        bounded(limitBytes, tooMuch),
        function* (line: unknown) {
          watchdog.refresh();
          onLine?.(String(line));
          yield line;
        },
      ],
      stderr: bounded(limitBytes, tooMuch),
      lines: true,
      reject: false,
    });
    const group = new ProcessGroup(child.pid, this.#settings.graceMs ?? graceMs);
    const endWith = (fault: DockerFault): void => {
      ended ??= fault;
      group.end();
    };
    const watchdog = setTimeout(() => endWith(stalled(what, limitMs, side)), limitMs);
    const abort = (): void => group.end();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const { failed, code, signal: endedBy, stdout, stderr } = await child;
      signal?.throwIfAborted();
      if (ended !== undefined) throw ended;
      if (code === 'ENOENT' || code === 'EACCES') throw notThere(program, code);
      if (endedBy !== undefined) throw dockerFault(what, `it was terminated by ${endedBy}`, side);
      if (failed) throw dockerFault(what, stderr.join('\n'), side);
      return stdout;
    } finally {
      clearTimeout(watchdog);
      signal?.removeEventListener('abort', abort);
      group.close();
    }
  }
}

/** Passes a limited number of bytes before they are split into lines: one line may be endless. */
function bounded(limitBytes: number, onBeyond: () => void) {
  let bytes = 0;
  return {
    binary: true,
    *transform(chunk: unknown) {
      bytes += chunk instanceof Uint8Array ? chunk.length : 0;
      if (bytes <= limitBytes) yield chunk;
      else onBeyond();
    },
  } as const;
}

function stalled(what: string, limitMs: number, side: DockerSide): DockerFault {
  const message = `${what}: no output for ${Math.round(limitMs / 1000)} s; it was terminated`;
  return new DockerFault(message, { side, code: 'stalled', decision: 'retry' });
}

function endless(what: string, limitBytes: number, side: DockerSide): DockerFault {
  const message = `${what}: it printed more than ${limitBytes} bytes and was terminated; check that it is Docker's own command`;
  return new DockerFault(message, { side, code: 'protocol', decision: 'block' });
}

function notThere(program: string, code: string): DockerFault {
  const message = `cannot run the command "${program}" (${code}): install Docker's command line on this worker's machine`;
  return new DockerFault(message, { side: 'daemon', code: 'configuration', decision: 'block' });
}
