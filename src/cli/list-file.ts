import { readFile } from 'node:fs/promises';
import { text as wholeText } from 'node:stream/consumers';

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
    // As a stream: a pipe may be one that does not wait for whoever writes into it.
    return path === '-' ? await wholeText(process.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidInput(`${option} ${path} cannot be read: ${reason}`, 'configuration');
  }
}
