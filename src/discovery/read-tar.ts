import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { errorMessage } from '../domain/error-message.js';
import { FerryError } from '../domain/ferry-error.js';

const block = 512;
/** Decompressed, of the whole archive: repositories of large projects have some hundred megabytes. */
const mostBytes = 2 * 1024 * 1024 * 1024;
/** Of one file that is wanted, and of all of them together. */
const largestFile = 8 * 1024 * 1024;
const mostWanted = 128 * 1024 * 1024;
const mostFiles = 20_000;

/**
 * Reads files of a compressed tar archive (POSIX ustar and pax, and GNU's long names) as they arrive; only the wanted
 * ones are kept. Links are left out.
 *
 * @param isWanted by the path in the archive
 * @throws FerryError if it is no such archive, or its wanted files are too large
 */
export async function readTar(
  archive: AsyncIterable<Uint8Array>,
  isWanted: (path: string) => boolean,
): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  let kept = 0;
  let name = '';
  const reader = new BlockReader(decompressed(archive));
  for (;;) {
    const header = await reader.read(block);
    if (header === undefined || header.every((byte) => byte === 0)) return files;
    const size = octal(header, 124, 12);
    const type = String.fromCharCode(header[156] ?? 0);
    if (!Number.isSafeInteger(size) || size < 0) throw unusable('it is no tar archive');
    const path = name === '' ? pathIn(header) : name;
    const isFile = type === '0' || type === '\0';
    if (type === 'x' || type === 'L') {
      const data = await reader.take(size, largestFile);
      name = type === 'L' ? textOf(data) : (paxPath(textOf(data)) ?? '');
      continue;
    }
    if (isFile && isWanted(path)) {
      kept += size;
      if (kept > mostWanted || files.size >= mostFiles) throw unusable('it has too many or too large files');
      files.set(path, await reader.take(size, largestFile));
    } else {
      await reader.skip(size);
    }
    if (type !== 'g') name = '';
  }
}

class BlockReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);
  #total = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Undefined at the end of the archive. */
  async read(length: number): Promise<Buffer | undefined> {
    const parts = [this.#rest];
    let have = this.#rest.length;
    while (have < length) {
      const chunk = await this.#next();
      if (chunk === undefined) {
        if (have > 0) throw unusable('it is truncated');
        return undefined;
      }
      parts.push(Buffer.from(chunk));
      have += chunk.length;
    }
    const all = Buffer.concat(parts);
    this.#rest = all.subarray(length);
    return all.subarray(0, length);
  }

  /** The content of a file, without the padding behind it. */
  async take(size: number, most: number): Promise<Buffer> {
    if (size > most) throw unusable(`one of its files has ${size} bytes; the maximum is ${most}`);
    const data = size === 0 ? Buffer.alloc(0) : await this.read(padded(size));
    if (data === undefined) throw unusable('it is truncated');
    return Buffer.from(data.subarray(0, size));
  }

  async skip(size: number): Promise<void> {
    for (let left = padded(size); left > 0;) {
      const length = Math.min(left, 64 * 1024);
      if ((await this.read(length)) === undefined) throw unusable('it is truncated');
      left -= length;
    }
  }

  async #next(): Promise<Uint8Array | undefined> {
    try {
      const { value, done } = await this.#chunks.next();
      if (done === true) return undefined;
      this.#total += value.length;
      if (this.#total > mostBytes) throw unusable(`it has more than ${mostBytes} bytes`);
      return value;
    } catch (error) {
      if (error instanceof FerryError) throw error;
      throw unusable(`it is no compressed tar archive: ${errorMessage(error)}`);
    }
  }
}

function decompressed(archive: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip();
  const input = Readable.from(archive);
  input.on('error', (error) => gunzip.destroy(error));
  return input.pipe(gunzip);
}

function padded(size: number): number {
  return Math.ceil(size / block) * block;
}

function pathIn(header: Buffer): string {
  const name = textOf(header.subarray(0, 100));
  const isUstar = header.subarray(257, 262).toString('latin1') === 'ustar';
  const prefix = isUstar ? textOf(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function paxPath(records: string): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)/.exec(records)?.[1];
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end < 0 ? bytes.length : end).toString('utf8');
}

function octal(header: Buffer, start: number, length: number): number {
  const text = textOf(header.subarray(start, start + length)).trim();
  return text === '' ? 0 : Number.parseInt(text, 8);
}

function unusable(reason: string): FerryError {
  return new FerryError(`the archive cannot be read: ${reason}`, { code: 'upstream-format', decision: 'block' });
}
