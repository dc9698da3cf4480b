import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

import { errorMessage } from '../domain/error-message.js';

/** Documentation says these limits (`docs/find.md`). */
const largestFileBytes = 32 * 1024 * 1024;

export type ReadText =
  | { readonly text: string }
  /** With `isMissing`, there is no such file. */
  | { readonly fault: string; readonly isMissing?: true };

/** Reads a file of text within the limits. It is never a device or a pipe: opening one could wait for ever. */
export async function readTextFile(path: string): Promise<ReadText> {
  try {
    // O_NONBLOCK: opening a pipe without a writer returns at once.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await file.stat();
      if (!stats.isFile()) return { fault: 'it is neither a file nor a folder' };
      if (stats.size > largestFileBytes) return { fault: tooLarge(stats.size) };
      const buffer = Buffer.alloc(stats.size + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
        length += bytesRead;
        if (bytesRead === 0 || length === buffer.length) break;
      }
      return decodeText(buffer.subarray(0, length));
    } finally {
      await file.close();
    }
  } catch (error) {
    return openFault(error);
  }
}

/** Reads standard input, or another stream, within the same limits. */
export async function readTextStream(stream: AsyncIterable<Uint8Array | string>): Promise<ReadText> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > largestFileBytes) return { fault: tooLarge(length) };
    chunks.push(bytes);
  }
  return decodeText(Buffer.concat(chunks));
}

export function decodeText(bytes: Uint8Array): ReadText {
  if (bytes.includes(0)) return { fault: 'it is binary, not text' };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { fault: 'it is not text in UTF-8' };
  }
}

function tooLarge(bytes: number): string {
  return `it has ${bytes} bytes or more; the maximum is ${largestFileBytes}: pass the parts that name images`;
}

function openFault(error: unknown): ReadText {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return { fault: 'there is no such file or folder', isMissing: true };
  if (code === 'EACCES' || code === 'EPERM') return { fault: 'permission to read it is denied' };
  if (code === 'ELOOP') return { fault: 'it is a symbolic link to itself' };
  return { fault: `it cannot be read: ${errorMessage(error)}` };
}
