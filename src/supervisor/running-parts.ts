import { hostname } from 'node:os';

import type { DataLock } from './data-lock.js';
import type { ProcessIdentity } from './process-identity.js';
import type { Runtime } from './runtime-file.js';
import { removeRuntime, writeRuntime } from './runtime-file.js';
import type { SupervisedProcess } from './supervised-process.js';

/**
 * What `ferry up` runs on this machine: written down for other commands and for whoever comes after a crash, and ended
 * with this process, whatever ends that.
 */
export class RunningParts {
  readonly #dataDir: string;
  readonly #lock: DataLock;
  readonly #say: (line: string) => void;
  readonly #processes: SupervisedProcess[] = [];
  readonly #onExit = (): void => this.#kill();
  #runtime: Runtime;

  constructor(dataDir: string, lock: DataLock, { up, say }: { up: ProcessIdentity; say: (line: string) => void }) {
    this.#dataDir = dataDir;
    this.#lock = lock;
    this.#say = say;
    this.#runtime = { up, host: hostname() };
    process.on('exit', this.#onExit);
  }

  /** The last one added is the first to be ended. */
  add(part: SupervisedProcess): void {
    this.#processes.push(part);
  }

  /** A disk that is full must not end what runs: it is said, and other commands do not know of the change. */
  record(part: string, identity: ProcessIdentity | undefined, change: Partial<Runtime>): void {
    try {
      if (identity !== undefined) this.#lock.remember(part, identity);
      this.#runtime = { ...this.#runtime, ...change };
      writeRuntime(this.#dataDir, this.#runtime);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#say(`where ${part} runs could not be written down in ${this.#dataDir}: ${reason}`);
    }
  }

  /** Ends everything in order, and gives the folder back. */
  async stop(): Promise<void> {
    for (const part of this.#processes.toReversed()) await part.stop();
    this.#giveBack();
    process.off('exit', this.#onExit);
  }

  /** Children have groups of their own: they would stay when this process ends by a fault, or in a hurry. */
  #kill(): void {
    for (const part of this.#processes) part.kill();
    this.#giveBack();
  }

  #giveBack(): void {
    removeRuntime(this.#dataDir);
    this.#lock.release();
  }
}
