const living = new Set<ProcessGroup>();
/** A group of its own does not end with this process by itself. */
process.once('exit', () => {
  for (const group of living) group.endNow();
});

/**
 * A command and everything that it has started, as a group of its own (`detached`). Wrappers of commands are common, and a
 * signal to the wrapper alone leaves what it wraps at work, with the output open.
 */
export class ProcessGroup {
  readonly #id: number | undefined;
  readonly #graceMs: number;
  #force: NodeJS.Timeout | undefined;

  /** @param id process id of its leader; undefined where it could not be started */
  constructor(id: number | undefined, graceMs: number) {
    this.#id = id;
    this.#graceMs = graceMs;
    living.add(this);
  }

  /** SIGTERM, and SIGKILL after the grace. */
  end(): void {
    if (this.#force !== undefined) return;
    this.#signal('SIGTERM');
    this.#force = setTimeout(() => this.endNow(), this.#graceMs);
  }

  endNow(): void {
    this.#signal('SIGKILL');
  }

  /** The command is over; what it was told to end and left behind is ended with it. */
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
      // Nobody of it is left.
    }
  }
}
