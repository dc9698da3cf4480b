import { hostname } from 'node:os';

import { errorMessage } from '../domain/error-message.js';
import type { DataLock } from './data-lock.js';
import type { ProcessIdentity } from './process-identity.js';
import { removeRuntime, writeRuntime } from './runtime-file.js';
import type { Runtime } from './runtime-file.js';
import type { SupervisedProcess } from './supervised-process.js';

/**
 * The processes that `ferry up` runs on this machine. They are recorded for other commands and for the start after a
 * crash, and end with this process, however it ends.
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

  /** Parts are stopped in reverse order. */
  add(part: SupervisedProcess): void {
    this.#processes.push(part);
  }

  /** A full disk must not stop running parts: it is reported, and other commands do not see the change. */
  record(part: string, identity: ProcessIdentity | undefined, change: Partial<Runtime>): void {
    try {
      if (identity !== undefined) this.#lock.remember(part, identity);
      this.#runtime = { ...this.#runtime, ...change };
      writeRuntime(this.#dataDir, this.#runtime);
    } catch (error) {
      const reason = errorMessage(error);
      this.#say(`cannot record the state of ${part} in ${this.#dataDir}: ${reason}`);
    }
  }

  /** Stops all parts in order and releases the folder. */
  async stop(): Promise<void> {
    for (const part of this.#processes.toReversed()) await part.stop();
    this.#giveBack();
    process.off('exit', this.#onExit);
  }

  /** Children have process groups of their own and would outlive this process if it ended by an error. */
  #kill(): void {
    for (const part of this.#processes) part.kill();
    this.#giveBack();
  }

  #giveBack(): void {
    removeRuntime(this.#dataDir);
    this.#lock.release();
  }
}
