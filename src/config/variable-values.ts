/** Values of single variables, with the variable's name in what is said of them. */
import { InvalidInput } from '../domain/ferry-error.js';
import type { Environment } from './environment.js';
import type { ConfigErrors } from './config-errors.js';

/** A whole number within limits, both included; `standard` where none is set, or what is set is a fault. */
export function readNumber(
  environment: Environment,
  faults: ConfigErrors,
  name: string,
  { standard, least, most }: { standard: number; least: number; most: number },
): number {
  const text = faults.try(() => environment.value(name));
  if (text === undefined) return standard;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  faults.add(`${name} is "${text}": expected a whole number from ${least} to ${most}`);
  return standard;
}

/** What a value means is decided elsewhere; which variable it came from is known here. */
export function named<T>(variable: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InvalidInput) || error.message.startsWith(variable)) throw error;
    throw new InvalidInput(`${variable}: ${error.message}`, 'configuration');
  }
}
