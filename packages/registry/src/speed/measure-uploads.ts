import { randomBytes } from 'node:crypto';

import { openSession, nextSession } from '../blobs/blob-push.js';
import type { UploadSession } from '../blobs/blob-push.js';
import { DataRequest, brokenRequest } from '../blobs/data-request.js';
import { arrivedBytes } from '../blobs/upload-range.js';
import { askUploadState, abandonUpload } from '../blobs/upload-state.js';
import type { Digest } from '../oci/digest.js';
import type { RegistryClient } from '../registry-client.js';
import type { RepositoryRef } from '../repository-ref.js';
import { unexpected } from '../transport/registry-request.js';
import { discardBody } from '../transport/response-body.js';
import { rest } from '../transport/retrying.js';
import { measureRoundTrip } from './round-trip.js';

/** What uploads to one registry are like. Rates in bytes per second. */
export interface UploadSpeed {
  readonly roundTripMs: number;
  /** Of one connection. */
  readonly rate: number;
  /** Of several connections together. */
  readonly rateOfSeveral: number;
  readonly connections: number;
  /**
   * What the registry had of an upload whose connection was broken on purpose: `continues` with `keptBytes`, `forgets`, or
   * `untold` if it does not say.
   */
  readonly afterBreak: 'continues' | 'forgets' | 'untold';
  readonly keptBytes: number;
}

interface MeasureOptions {
  readonly signal: AbortSignal;
  /** How long each of the two transfers should take, in seconds; default 3. */
  readonly seconds?: number | undefined;
  /** Default 4. */
  readonly connections?: number | undefined;
}

const firstBytes = 256 * 1024;
const maxBytes = 64 * 1024 * 1024;
/** Of the request that is broken: announced, and sent before the break. */
const announcedBytes = 4 * 1024 * 1024;
const sentBytes = 512 * 1024;
const pieceBytes = 64 * 1024;
/** Until what has left this machine has arrived, whatever the line holds back. */
const settleMs = 300;

/** No blob has this digest: nothing of what is sent here can be committed. */
const noDigest: Digest = `sha256:${'0'.repeat(64)}`;

/**
 * Measures uploads to a repository. Random bytes are sent, and each upload is cancelled: nothing is left there.
 *
 * @throws RegistryFault if the registry cannot be reached, or accepts no upload
 */
export async function measureUploads(
  client: RegistryClient,
  repo: RepositoryRef,
  { signal, seconds = 3, connections = 4 }: MeasureOptions,
): Promise<UploadSpeed> {
  const roundTripMs = await measureRoundTrip(client, repo, signal);
  const upload = { client, repo, roundTripMs, signal };
  const first = await timedUpload({ ...upload, bytes: firstBytes });
  const bytes = Math.round(Math.min(maxBytes, Math.max(firstBytes, first * seconds)));
  const rate = await timedUpload({ ...upload, bytes });
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: connections }, async () => await timedUpload({ ...upload, bytes })));
  const rateOfSeveral = rateOf(bytes * connections, performance.now() - startedAt - 3 * roundTripMs);
  return { roundTripMs, rate, rateOfSeveral, connections, ...(await breakUpload(upload, rate)) };
}

interface Upload {
  readonly client: RegistryClient;
  readonly repo: RepositoryRef;
  readonly roundTripMs: number;
  readonly signal: AbortSignal;
}

/** @returns the rate, without the round trip of the answer */
async function timedUpload({ bytes, ...upload }: Upload & { readonly bytes: number }): Promise<number> {
  return await withSession(upload, async (session, use) => {
    const data = await openData(upload, session, bytes);
    const startedAt = performance.now();
    await writeAll(data, bytes);
    const response = await answerOf(upload, data);
    const ms = performance.now() - startedAt;
    const host = upload.client.host(upload.repo.host);
    if (response.statusCode !== 202 && response.statusCode !== 201) {
      throw await unexpected(host, response, data.description, data.url);
    }
    discardBody(response);
    const { statusCode = 0, headers } = response;
    use(await nextSession(host, { statusCode, headers, url: data.url }, upload.repo, session));
    return rateOf(bytes, ms - upload.roundTripMs);
  });
}

/** Breaks a request after a part of its bytes, and requests the state of the upload. */
async function breakUpload(upload: Upload, rate: number): Promise<Pick<UploadSpeed, 'afterBreak' | 'keptBytes'>> {
  return await withSession(upload, async (session, use) => {
    const data = await openData(upload, session, announcedBytes);
    data.answer.catch(() => {});
    await writeAll(data, sentBytes);
    await rest(settleMs + upload.roundTripMs + (2_000 * sentBytes) / rate, upload.signal);
    data.destroy();
    const state = await askUploadState({ ...upload, session });
    if (state.kind === 'failed') throw state.fault;
    if (state.kind !== 'open') return { afterBreak: state.kind === 'forgotten' ? 'forgets' : 'untold', keptBytes: 0 };
    use(state.session);
    const keptBytes = arrivedBytes(state.range, { finished: 0, sent: sentBytes }) ?? 0;
    return { afterBreak: keptBytes > 0 ? 'continues' : 'forgets', keptBytes };
  });
}

async function withSession<T>(
  { client, repo, signal }: Upload,
  work: (session: UploadSession, use: (next: UploadSession) => void) => Promise<T>,
): Promise<T> {
  let session = await openSession(client, repo, signal);
  try {
    return await work(session, (next) => {
      session = next;
    });
  } finally {
    await abandonUpload({ client, repo, session });
  }
}

async function openData({ client, repo, signal }: Upload, session: UploadSession, bytes: number): Promise<DataRequest> {
  const blob = { digest: noDigest, mediaType: 'application/octet-stream', size: bytes };
  try {
    return await DataRequest.open({
      client,
      repo,
      blob,
      session,
      start: 0,
      end: bytes,
      method: 'PATCH',
      fresh: false,
      signal,
    });
  } catch (error) {
    throw brokenRequest(error, repo, session.location);
  }
}

/** Writes with backpressure: a piece follows when the one before it has left. */
async function writeAll(data: DataRequest, bytes: number): Promise<void> {
  const piece = randomBytes(pieceBytes);
  const broken = data.answer.then(
    () => {},
    () => {},
  );
  for (let left = bytes; left > 0; left -= pieceBytes) {
    const flushed = new Promise<void>((resolve) => {
      data.write(left < pieceBytes ? piece.subarray(0, left) : piece, resolve);
    });
    await Promise.race([flushed, broken]);
    if (data.isRefused) return;
  }
}

async function answerOf({ repo }: Upload, data: DataRequest): Promise<Awaited<DataRequest['answer']>> {
  try {
    return await data.answer;
  } catch (error) {
    throw brokenRequest(error, repo, data.url);
  }
}

function rateOf(bytes: number, ms: number): number {
  return Math.round((bytes * 1_000) / Math.max(1, ms));
}
