import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { TinyImage } from './tiny-images.js';

/**
 * Writes images into the storage folder of a distribution registry, which looks at its files for each request: thousands
 * a second, where pushing them would take longer than what is measured.
 */
export function writeToStorage(storagePath: string, images: Iterable<TinyImage>): void {
  const root = join(storagePath, 'docker', 'registry', 'v2');
  for (const { repository, tag, digest, bytes, blobs } of images) {
    const own = join(root, 'repositories', repository);
    const hex = hexOf(digest);
    for (const blob of blobs) {
      writeBlob(root, blob.digest, blob.bytes);
      write(join(own, '_layers', 'sha256', hexOf(blob.digest), 'link'), blob.digest);
    }
    writeBlob(root, digest, bytes);
    write(join(own, '_manifests', 'revisions', 'sha256', hex, 'link'), digest);
    write(join(own, '_manifests', 'tags', tag, 'index', 'sha256', hex, 'link'), digest);
    write(join(own, '_manifests', 'tags', tag, 'current', 'link'), digest);
  }
}

function writeBlob(root: string, digest: string, bytes: Buffer): void {
  const hex = hexOf(digest);
  write(join(root, 'blobs', 'sha256', hex.slice(0, 2), hex, 'data'), bytes);
}

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}
