import { readFileSync } from 'node:fs';

import { errorMessage } from '../domain/error-message.js';
import { InvalidInput } from '../domain/ferry-error.js';

/** Environment variables of the process. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Reads variables by the ferry's rules. */
export class Environment {
  readonly #variables: Variables;

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  /**
   * The value of `NAME`, or the content of the file that `NAME_FILE` names, without one trailing newline as in mounted
   * secrets. An empty value counts as unset. The file is read at each call, since its content may change.
   *
   * @throws InvalidInput if the file cannot be read or both are set
   */
  value(name: string): string | undefined {
    const value = this.#variables[name];
    const file = this.#variables[`${name}_FILE`];
    if (file === undefined || file === '') return value === '' ? undefined : value;
    if (value !== undefined && value !== '') {
      throw new InvalidInput(`${name} and ${name}_FILE are both set: unset one of them`, 'configuration');
    }

    try {
      const content = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
      return content === '' ? undefined : content;
    } catch (error) {
      const reason = errorMessage(error);
      throw new InvalidInput(`cannot read the file that ${name}_FILE names: ${reason}`, 'configuration');
    }
  }

  /** All non-empty variables, for libraries that read variables of their own. */
  present(): Record<string, string> {
    return Object.fromEntries(
      Object.entries(this.#variables).filter(
        (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
      ),
    );
  }
}
