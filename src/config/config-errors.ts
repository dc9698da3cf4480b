import { FerryError, InvalidInput } from '../domain/ferry-error.js';

/** @throws InvalidInput listing every error that `read` adds */
export function throwingAllErrors<T>(read: (errors: ConfigErrors) => T): T {
  const errors = new ConfigErrors();
  const result = read(errors);
  errors.throwIfAny();
  return result;
}

/** Collects the errors of a configuration, so that a user sees all of them at once. */
export class ConfigErrors {
  readonly #errors: string[] = [];

  get any(): boolean {
    return this.#errors.length > 0;
  }

  add(fault: string): void {
    this.#errors.push(fault);
  }

  /**
   * Returns the value, or undefined after recording the error, with its location in front if given. Errors that are not
   * about the configuration are rethrown.
   */
  try<T>(read: () => T, location?: string): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof FerryError)) throw error;
      this.#errors.push(location === undefined ? error.message : `${location}: ${error.message}`);
      return undefined;
    }
  }

  /** @throws InvalidInput listing every error, one per line */
  throwIfAny(): void {
    if (this.#errors.length === 0) return;
    const lines = [...new Set(this.#errors)].map((fault) => `  - ${fault}`);
    throw new InvalidInput(`the configuration is invalid:\n${lines.join('\n')}`, 'configuration');
  }
}
