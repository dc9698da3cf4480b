import { createCipheriv, createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';

export interface MadeBlob {
  readonly digest: `sha256:${string}`;
  /** Bytes. */
  readonly size: number;
  /** The bytes, generated on each call, so that a layer of any size is never in memory as a whole. */
  open(): Readable;
}

export interface MadeLayer extends MadeBlob {
  /** Digest of the tar archive before it was compressed, as an image's configuration lists it. */
  readonly diffId: `sha256:${string}`;
}

const chunkBytes = 256 * 1024;
const tarBlock = 512;

export function blobOf(bytes: Buffer): MadeBlob {
  return { digest: sha256(bytes), size: bytes.length, open: () => Readable.from([bytes]) };
}

/**
 * A real layer: a gzip of a tar archive with one file in it. Its bytes follow from `name` and `fileBytes` alone, and
 * do not compress: the layer is a little larger than its file.
 */
export async function makeLayer(name: string, fileBytes: number): Promise<MadeLayer> {
  const tarHash = createHash('sha256');
  const hash = createHash('sha256');
  let size = 0;
  const tar = Readable.from(hashing(tarChunks(name, fileBytes), tarHash));
  for await (const chunk of compressed(tar)) {
    hash.update(chunk as Buffer);
    size += (chunk as Buffer).length;
  }
  return {
    digest: `sha256:${hash.digest('hex')}`,
    diffId: `sha256:${tarHash.digest('hex')}`,
    size,
    open: () => compressed(Readable.from(tarChunks(name, fileBytes))),
  };
}

export function sha256(bytes: Buffer): `sha256:${string}` {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Stored, not squeezed: random bytes would not get smaller, and the demo has better uses for the time. */
function compressed(tar: Readable): Readable {
  const gzip = createGzip({ level: 0, chunkSize: chunkBytes });
  tar.on('error', (error) => gzip.destroy(error));
  return tar.pipe(gzip);
}

function* hashing(chunks: Iterable<Buffer>, hash: { update(chunk: Buffer): unknown }): Generator<Buffer> {
  for (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

/** A tar archive of one file, closed by two empty blocks (POSIX ustar). */
function* tarChunks(name: string, fileBytes: number): Generator<Buffer> {
  yield tarHeader(`opt/${name}.bin`, fileBytes);
  yield* randomChunks(name, fileBytes);
  const padding = (tarBlock - (fileBytes % tarBlock)) % tarBlock;
  yield Buffer.alloc(padding + 2 * tarBlock);
}

/** A stream cipher makes as many bytes as wanted out of a name, the same ones every time, a gigabyte in a second. */
function* randomChunks(name: string, bytes: number): Generator<Buffer> {
  const key = createHash('sha256').update(name).digest().subarray(0, 16);
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(chunkBytes);
  for (let left = bytes; left > 0; left -= chunkBytes)
    yield cipher.update(zeros.subarray(0, Math.min(left, chunkBytes)));
}

function tarHeader(path: string, size: number): Buffer {
  const header = Buffer.alloc(tarBlock);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  header.write(path, 0);
  header.write(octal(0o644, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(size, 11), 124);
  header.write(octal(0, 11), 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\0', 257);
  header.write('00', 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
