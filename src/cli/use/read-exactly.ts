import { createReadStream } from 'node:fs';

import { errorMessage } from '../../domain/error-message.js';
import { InvalidInput } from '../../domain/ferry-error.js';

const largestFile = 32 * 1024 * 1024;

/**
 * Reads a text file, or `-`, so that it can be written again with the same bytes: byte order mark and line breaks stay.
 *
 * @throws InvalidInput if it cannot be read, is too large, or is not UTF-8
 */
export async function readExactly(path: string): Promise<string> {
  const bytes = await readBytes(path);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new InvalidInput(`${path} is not a text file: it is not UTF-8`, 'configuration');
  }
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    // In parts, since a device or a pipe has no size.
    const stream: AsyncIterable<Buffer> = path === '-' ? process.stdin : createReadStream(path);
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of stream) {
      length += part.length;
      if (length > largestFile) throw tooLarge(path);
      parts.push(part);
    }
    return Buffer.concat(parts);
  } catch (error) {
    if (error instanceof InvalidInput) throw error;
    throw new InvalidInput(`${path} cannot be read: ${errorMessage(error)}`, 'configuration');
  }
}

function tooLarge(path: string): InvalidInput {
  return new InvalidInput(`${path} is too large: the maximum is ${largestFile} bytes`, 'configuration');
}
