import { FerryError, InvalidInput } from '../domain/ferry-error.js';

/** Collects what is wrong with a configuration, so that a person sees all of it at once. */
export class ConfigErrors {
  readonly #faults: string[] = [];

  get any(): boolean {
    return this.#faults.length > 0;
  }

  add(fault: string): void {
    this.#faults.push(fault);
  }

  /**
   * The value, or undefined with the fault noted, behind the place that it is of where the message does not say it. What
   * is not a fault of the configuration is thrown on.
   */
  try<T>(read: () => T, place?: string): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof FerryError)) throw error;
      this.#faults.push(place === undefined ? error.message : `${place}: ${error.message}`);
      return undefined;
    }
  }

  /** @throws InvalidInput listing every fault, a line each */
  throwIfAny(): void {
    if (this.#faults.length === 0) return;
    const lines = [...new Set(this.#faults)].map((fault) => `  - ${fault}`);
    throw new InvalidInput(`the configuration cannot be used:\n${lines.join('\n')}`, 'configuration');
  }
}
