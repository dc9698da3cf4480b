import { readFileSync } from 'node:fs';
import { InvalidInput } from '../domain/ferry-error.js';

export interface ListLine {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
}

/**
 * What `--file` names, line by line; blank lines and everything from a `#` that begins a line or follows a blank are
 * left out. `-` is standard input.
 */
export function readListFile(path: string): readonly ListLine[] {
  return readText(path, '--file')
    .split(/\r?\n/)
    .map((line, position) => ({ number: position + 1, text: line.replace(/(^|\s)#.*$/, '').trim() }))
    .filter(({ text }) => text !== '');
}

/** @throws InvalidInput with the name of the option */
export function readText(path: string, option: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidInput(`${option} ${path} cannot be read: ${reason}`, 'configuration');
  }
}
