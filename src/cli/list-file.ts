import { readFile } from 'node:fs/promises';

import { errorMessage } from '../domain/error-message.js';
import { InvalidInput } from '../domain/ferry-error.js';

export interface ListLine {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
}

/**
 * Reads the file that `--file` names, line by line, without blank lines and comments: everything from a `#` that begins
 * a line or follows white space. `-` is standard input.
 */
export async function readListFile(path: string): Promise<readonly ListLine[]> {
  const whole = await readText(path, '--file');
  return whole
    .split(/\r?\n/)
    .map((line, position) => ({ number: position + 1, text: line.replace(/(^|\s)#.*$/s, '').trim() }))
    .filter(({ text }) => text !== '');
}

/** @throws InvalidInput with the name of the option */
export async function readText(path: string, option: string): Promise<string> {
  try {
    if (path !== '-') return await readFile(path, 'utf8');
    // Read as a stream: a pipe may be non-blocking, and its writer may be slow.
    const { text } = await import('node:stream/consumers');
    return await text(process.stdin);
  } catch (error) {
    const reason = errorMessage(error);
    throw new InvalidInput(`cannot read ${option} ${path}: ${reason}`, 'configuration');
  }
}
