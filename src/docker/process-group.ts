const living = new Set<ProcessGroup>();
/** A process group does not end automatically with this process. */
process.once('exit', () => {
  for (const group of living) group.endNow();
});

/**
 * A command and all its children, as a process group (`detached`). Wrapper scripts are common, and a signal to the
 * wrapper alone leaves the wrapped command running with its output open.
 */
export class ProcessGroup {
  readonly #id: number | undefined;
  readonly #graceMs: number;
  #force: NodeJS.Timeout | undefined;

  /** @param id process ID of its leader; undefined if it could not be started */
  constructor(id: number | undefined, graceMs: number) {
    this.#id = id;
    this.#graceMs = graceMs;
    living.add(this);
  }

  /** SIGTERM, then SIGKILL after the grace period. */
  end(): void {
    if (this.#force !== undefined) return;
    this.#signal('SIGTERM');
    this.#force = setTimeout(() => this.endNow(), this.#graceMs);
  }

  endNow(): void {
    this.#signal('SIGKILL');
  }

  /** The command has ended; children that it left behind after a signal are ended as well. */
  close(): void {
    if (this.#force !== undefined) this.endNow();
    clearTimeout(this.#force);
    living.delete(this);
  }

  #signal(name: NodeJS.Signals): void {
    if (this.#id === undefined) return;
    try {
      process.kill(-this.#id, name);
    } catch {
      // The group has ended already.
    }
  }
}
