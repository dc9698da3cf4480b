import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { hasBlob, readManifest } from '../demo/image-exchange.js';
import { blobsOf } from '../demo/make-images.js';
import type { MadeManifest } from '../demo/make-images.js';
import { startRegistry } from '../demo/registry-server.js';
import type { RegistryServer } from '../demo/registry-server.js';
import { selfSignedCertificate } from '../demo/self-signed-certificate.js';
import { sum } from './statistics.js';

/** A source and targets on this machine, and a folder for what a scenario writes. */
export interface Registries {
  readonly source: RegistryServer;
  readonly targets: readonly RegistryServer[];
  readonly folder: string;
  readonly caFile?: string;
}

export interface RegistriesOptions {
  /** Number of targets. */
  readonly targets: number;
  /** Default: `distribution`, version 3. */
  readonly targetKind?: RegistryServer['kind'];
  readonly tls?: boolean;
  /**
   * Blobs and links are kept in memory where the machine has a folder for that: for many images, whose hundreds of
   * thousands of files take a disk longer than what is measured.
   */
  readonly inMemory?: boolean;
}

/** Starts registries, does the work, and leaves nothing behind. */
export async function withRegistries<T>(
  { targets, targetKind = 'distribution', tls = false, inMemory = false }: RegistriesOptions,
  work: (registries: Registries) => Promise<T>,
): Promise<T> {
  // One certificate for all: several of the same name in one file confuse OpenSSL.
  const certificate = tls ? selfSignedCertificate() : undefined;
  const options = certificate === undefined ? {} : { tls: certificate };
  const storage = inMemory ? mkdtempSync(join(memoryFolder(), 'ferry-bench-storage-')) : undefined;
  const storageOf = (name: string) => (storage === undefined ? {} : { storage: join(storage, name) });
  const source = await startRegistry({ kind: 'distribution', ...options, ...storageOf('source') });
  const servers = await Promise.all(
    Array.from({ length: targets }, (_, n) =>
      startRegistry({ kind: targetKind, ...options, ...storageOf(`target-${n}`) }),
    ),
  );
  const folder = mkdtempSync(join(tmpdir(), 'ferry-bench-'));
  const caFile = join(folder, 'ca.pem');
  if (certificate !== undefined) writeFileSync(caFile, certificate.cert);
  try {
    return await work({ source, targets: servers, folder, ...(tls ? { caFile } : {}) });
  } finally {
    await Promise.all([source, ...servers].map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
    // Several times as fast as Node for a million files.
    if (storage !== undefined) await promisify(execFile)('rm', ['-rf', storage]);
  }
}

const enoughMemoryBytes = 6 * 1024 ** 3;

function memoryFolder(): string {
  const shared = '/dev/shm';
  if (!existsSync(shared)) return tmpdir();
  const { bavail, bsize } = statfsSync(shared);
  return Math.min(bavail * bsize, freemem()) < enoughMemoryBytes ? tmpdir() : shared;
}

/** Takes everything from a registry, behind its back: distribution looks at its files for each request. */
export function empty({ storagePath }: RegistryServer): void {
  // A registry may still be writing what a copier has left unfinished.
  rmSync(join(storagePath, 'docker'), { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/** A run counts only when the target has the digest and every blob. @throws Error */
export async function verifyArrival(
  target: RegistryServer,
  {
    image,
    repository,
    tag,
    by,
  }: { readonly image: MadeManifest; readonly repository: string; readonly tag: string; readonly by: string },
): Promise<void> {
  const manifest = await readManifest(target, repository, tag);
  if (manifest?.digest !== image.digest) throw new Error(`${by} left another digest at ${target.host}/${repository}`);
  for (const { digest } of blobsOf(image)) {
    if (!(await hasBlob(target, repository, digest))) throw new Error(`${by} left ${digest} out at ${target.host}`);
  }
}

/** Bytes of blobs that a registry has sent so far. */
export async function blobBytesSent(source: RegistryServer): Promise<number> {
  const requests = await source.requests();
  return sum(
    requests.filter(({ method, path }) => method === 'GET' && path.includes('/blobs/')).map(({ bytes }) => bytes),
  );
}
