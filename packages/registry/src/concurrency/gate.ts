/** Something that others wait for, and that may end again. */
export class Gate {
  #opened!: Promise<void>;
  #open: (() => void) | undefined;

  constructor() {
    this.#renew();
  }

  /** Resolves when the gate is open. */
  get opened(): Promise<void> {
    return this.#opened;
  }

  open(): void {
    this.#open?.();
    this.#open = undefined;
  }

  close(): void {
    if (this.#open === undefined) this.#renew();
  }

  #renew(): void {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }
}
