import { blobRequest } from '../blobs/blob-request.js';
import { announcedSize } from '../blobs/byte-range.js';
import { blobsOf } from '../blobs/image-blobs.js';
import type { Blob } from '../blobs/image-blobs.js';
import { getManifest } from '../manifests/manifest-exchange.js';
import type { Digest } from '../oci/digest.js';
import { readSourceManifest } from '../oci/source-manifest.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { sendForBody } from '../transport/registry-request.js';
import { discardBody } from '../transport/response-body.js';
import { measureRoundTrip } from './round-trip.js';

/** What reads of blobs of one registry are like. Rates in bytes per second. */
export interface DownloadSpeed {
  readonly roundTripMs: number;
  /** Of one connection. */
  readonly rate: number;
  /** Of several connections together. */
  readonly rateOfSeveral: number;
  readonly connections: number;
  /** Whether the registry answers with the part of a blob that was requested. */
  readonly ranges: boolean;
}

/**
 * Finds the largest blob of an image in a repository. Reading a manifest counts as a pull where pulls are limited.
 *
 * @param digest of the manifest of one platform
 * @returns undefined if the repository does not have the manifest, or it lists no blob
 */
export async function largestBlob(
  client: RegistryClient,
  repo: RepositoryRef,
  digest: Digest,
  signal: AbortSignal,
): Promise<Blob | undefined> {
  const content = await getManifest(client, repo, digest, { deniedIsAbsent: true, attempts: 1, signal });
  if (content === undefined) return undefined;
  const { body, mediaType: contentType } = content;
  const text = body.toString('utf8');
  const manifest = readSourceManifest({ name: digest, digest, contentType, size: body.length, text });
  if (manifest.kind !== 'image') return undefined;
  return blobsOf(manifest.json, digest).toSorted((a, b) => b.size - a.size)[0];
}

/**
 * Measures reads of a blob that exists, by ranges over one and over several connections; each ends after `seconds`.
 *
 * @param options.seconds default 3
 * @param options.connections default 4
 * @throws RegistryFault if the registry cannot be reached, or does not have the blob
 */
export async function measureDownloads(
  client: RegistryClient,
  repo: RepositoryRef,
  blob: Blob,
  {
    signal,
    seconds = 3,
    connections = 4,
  }: {
    readonly signal: AbortSignal;
    readonly seconds?: number | undefined;
    readonly connections?: number | undefined;
  },
): Promise<DownloadSpeed> {
  const roundTripMs = await measureRoundTrip(client, repo, signal);
  const read = { client, repo, blob, ms: seconds * 1_000, signal };
  const one = await readFrom(read, 0);
  const share = Math.floor(blob.size / connections);
  const several = await Promise.all(
    Array.from({ length: connections }, async (_, n) => await readFrom(read, one.isPart ? n * share : 0)),
  );
  return {
    roundTripMs,
    rate: Math.round(one.rate),
    rateOfSeveral: Math.round(several.reduce((sum, { rate }) => sum + rate, 0)),
    connections,
    ranges: one.isPart,
  };
}

interface Read {
  readonly client: RegistryClient;
  readonly repo: RepositoryRef;
  readonly blob: Blob;
  readonly ms: number;
  readonly signal: AbortSignal;
}

/** @returns the rate from the first byte on, in bytes per second */
async function readFrom(
  { client, repo, blob, ms, signal }: Read,
  offset: number,
): Promise<{ readonly rate: number; readonly isPart: boolean }> {
  const { response } = await sendForBody(client.host(repo.host), {
    ...blobRequest(repo, blob, signal),
    headers: { range: `bytes=${offset}-${blob.size - 1}` },
    expect: [200, 206, 404],
    attempts: 1,
  });
  if (response.statusCode === 404) {
    discardBody(response);
    const message = `it does not have the blob ${blob.digest}`;
    throw new RegistryFault(message, { repo, status: 404, code: 'source-corrupt', decision: 'block' });
  }
  const isPart = response.statusCode === 206 && announcedSize(response) === blob.size;
  const startedAt = performance.now();
  let bytes = 0;
  const bytesIn = await new Promise<number>((resolve) => {
    const timer = setTimeout(() => response.destroy(), ms);
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    response.once('close', () => {
      clearTimeout(timer);
      resolve(performance.now() - startedAt);
    });
  });
  return { rate: (bytes * 1_000) / Math.max(1, bytesIn), isPart };
}
