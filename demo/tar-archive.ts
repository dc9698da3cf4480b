import { gzipSync } from 'node:zlib';

const block = 512;
const longestName = 100;

/** A compressed tar archive (POSIX ustar) of files; a path that is too long for a header gets a pax header of its own. */
export function tarArchive(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const parts: Buffer[] = [];
  for (const [path, content] of Object.entries(files)) {
    if (Buffer.byteLength(path) > longestName) parts.push(...entry('pax', 'x', Buffer.from(paxRecord('path', path))));
    parts.push(...entry(path.slice(0, longestName), '0', Buffer.from(content)));
  }
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * block)]));
}

function entry(path: string, type: string, content: Buffer): readonly Buffer[] {
  const header = Buffer.alloc(block);
  header.write(path, 0, 'utf8');
  header.write('0000644\0', 100, 'latin1');
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write('00000000000\0', 136, 'latin1');
  header.write('        ', 148, 'latin1');
  header.write(type, 156, 'latin1');
  header.write('ustar\0'.concat('00'), 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  const padding = Buffer.alloc((block - (content.length % block)) % block);
  return [header, content, padding];
}

/** A record begins with its own length. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (`${length}`.length + Buffer.byteLength(rest) !== length) length = `${length}`.length + Buffer.byteLength(rest);
  return `${length}${rest}`;
}
