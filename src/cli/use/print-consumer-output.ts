import { join } from 'node:path';

import type { ConsumerOutput } from '../../consumers/consumer-output.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { ExitStatus } from '../exit-status.js';
import { printJson, printLine, printMessage, printText } from '../output.js';
import { writeWhole } from '../write-whole.js';

export interface OutputOptions {
  /** A file; a folder for formats of several files. */
  readonly output?: string | undefined;
  /** Print or write also what is incomplete. */
  readonly partial?: boolean | undefined;
  readonly json?: boolean | undefined;
}

export interface OutputContext {
  /** Name of the target. */
  readonly target: string;
  /** The format is a folder of files, however many there are. */
  readonly isFolder?: boolean | undefined;
}

/**
 * Prints or writes the files, and says what is missing.
 *
 * @returns exit status: 1 if an image is missing or something cannot be expressed; nothing is written then without
 *   `partial`
 */
export async function printConsumerOutput(
  { files, missing, gaps, notes }: ConsumerOutput,
  { output, partial = false, json = false }: OutputOptions,
  { target, isFolder = false }: OutputContext,
): Promise<number> {
  const isWhole = missing.length === 0 && gaps.length === 0;
  const shown = isWhole || partial ? files : [];
  if (json) printJson({ target, complete: isWhole, files: shown, missing, gaps, notes });
  for (const note of notes) printMessage(`note: ${note}`);
  for (const { image, where, reason } of missing) printMessage(`missing: ${image} (${where}): ${reason}`);
  for (const gap of gaps) printMessage(`not expressed: ${gap}`);
  const wanted = missing.map(({ image }) => image).filter((image) => !image.endsWith(':TAG'));
  if (wanted.length > 0) printMessage(`to mirror what is missing: ferry add ${wanted.join(' ')}`);
  if (!isWhole && !partial) printMessage('nothing was written; --partial writes what there is');

  if (output !== undefined) {
    for (const { path, text } of shown) await writeWhole(isFolder ? join(output, path) : output, text);
    for (const { path } of shown) printMessage(`written: ${isFolder ? join(output, path) : output}`);
  } else if (!json) {
    for (const { path, text } of shown) {
      if (isFolder) printLine(`# ${path}`);
      printText(text);
    }
  }
  return isWhole ? ExitStatus.done : ExitStatus.failed;
}

/** @throws InvalidInput if the output would replace a file that the command reads from standard input */
export function inPlace(path: string): string {
  if (path !== '-') return path;
  throw new InvalidInput('--rewrite changes a file: standard input has none, so add --output', 'configuration');
}
