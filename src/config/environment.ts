import { readFileSync } from 'node:fs';

import { InvalidInput } from '../domain/ferry-error.js';

/** Variables as the process got them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The value of `NAME`, or the content of the file that `NAME_FILE` names (one trailing newline removed, as secrets
 * mounted as files have one). Empty counts as unset.
 *
 * @throws InvalidInput when the file cannot be read, or both are set
 */
export function environmentValue(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  const file = environment[`${name}_FILE`];
  if (file === undefined || file === '') return value === '' ? undefined : value;
  if (value !== undefined && value !== '') {
    throw new InvalidInput(`${name} and ${name}_FILE are both set: keep one of them`, 'configuration');
  }

  try {
    const content = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    return content === '' ? undefined : content;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidInput(`${name}_FILE names a file that cannot be read: ${reason}`, 'configuration');
  }
}
