/** Values of single variables; errors name the variable. */
import { parseDuration } from '../domain/duration.js';
import { InvalidInput } from '../domain/ferry-error.js';
import type { ConfigErrors } from './config-errors.js';
import type { Environment } from './environment.js';

/** A whole number within inclusive limits; `standard` if the variable is not set or invalid. */
export function readNumber(
  environment: Environment,
  errors: ConfigErrors,
  name: string,
  { standard, least, most }: { standard: number; least: number; most: number },
): number {
  const text = errors.try(() => environment.value(name));
  if (text === undefined) return standard;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  errors.add(`${name} is "${text}": expected a whole number from ${least} to ${most}`);
  return standard;
}

/** A duration such as `72h`, in milliseconds; `standard` if the variable is not set, 0 if it is invalid. */
export function readDuration(
  environment: Environment,
  errors: ConfigErrors,
  name: string,
  { standard }: { standard: string },
): number {
  return errors.try(() => named(name, () => parseDuration(environment.value(name) ?? standard))) ?? 0;
}

/** Adds the name of the variable to an error of its value. */
export function named<T>(variable: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InvalidInput) || error.message.startsWith(variable)) throw error;
    throw new InvalidInput(`${variable}: ${error.message}`, 'configuration');
  }
}

/** Values separated by commas or blanks. */
export function listOf(text: string | undefined): readonly string[] {
  return (text ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
}
