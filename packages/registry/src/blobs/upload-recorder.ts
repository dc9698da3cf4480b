import { isDeepStrictEqual } from 'node:util';

import type { RegistryClient } from '../registry-client.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { SavedHash, UploadKey, UploadRecord } from '../upload-records.js';
import { leastPortableBytes } from './blob-hash.js';
import type { UploadSession } from './blob-push.js';
import type { HashTrail } from './hash-trail.js';
import type { Blob } from './image-blobs.js';

/** A record is renewed after this many bytes, and not more often than that. */
const stepBytes = 512 * 1024;
const stepMs = 100;
/** One that has not changed is renewed after this time, so that it does not look abandoned. */
const renewedMs = 60_000;
/** Hash states this far behind the last byte are all recorded; of older ones one for each doubling of the distance. */
const denseBytes = 8 * 1024 * 1024;

/** Where an upload is at its registry, and how far. */
export interface UploadStanding {
  readonly session: UploadSession;
  readonly confirmed: number;
  /** Everything up to here has left this process. */
  readonly flushed: number;
}

/** Records one upload as it advances, so that another process can continue it. */
export class UploadRecorder {
  readonly #client: RegistryClient;
  readonly #key: UploadKey;
  readonly #blob: Blob;
  readonly #trail: HashTrail;
  #isRecorded = false;
  #recorded: UploadRecord | undefined;
  #recordedAt = -Infinity;
  #taken: UploadRecord | undefined;
  #isSaving = false;
  /** One after another: a record must not come back after it was removed. */
  #work: Promise<void> = Promise.resolve();
  #savedAt = performance.now();
  #savedBytes = 0;
  #savedConfirmed = 0;

  constructor(
    client: RegistryClient,
    { host, repository, tag }: Pick<RepositoryRef, 'host' | 'repository'> & { readonly tag: string },
    blob: Blob,
    trail: HashTrail,
  ) {
    this.#client = client;
    this.#key = { registry: host, repository, tag, digest: blob.digest };
    this.#blob = blob;
    this.#trail = trail;
  }

  /** Takes over what an earlier process left of this upload. */
  async take(): Promise<UploadRecord | undefined> {
    // What this process ended is not to be found any more.
    await this.#work;
    if (!this.#isWorthIt || this.#isRecorded) return this.#taken;
    const record = await this.#client.uploads?.take(this.#key);
    this.#isRecorded = record !== undefined;
    if (record?.size === this.#blob.size) this.#taken = record;
    return this.#taken;
  }

  /** To be called as bytes leave. */
  advanced(standing: UploadStanding): void {
    if (!this.#isWorthIt || this.#isSaving) return;
    const bytes = standing.flushed - this.#savedBytes;
    const ms = performance.now() - this.#savedAt;
    const hasOtherPlace = standing.confirmed !== this.#savedConfirmed;
    if (hasOtherPlace || (bytes >= stepBytes && ms >= stepMs)) this.#save(standing);
  }

  /** The upload ends here, and may be continued by another process. */
  leave(standing: UploadStanding): void {
    if (this.#isWorthIt) this.#save(standing);
  }

  /** The upload is over. */
  async remove(): Promise<void> {
    this.#taken = undefined;
    if (this.#isRecorded) this.#work = this.#work.then(() => this.#client.uploads?.remove(this.#key));
    this.#isRecorded = false;
    this.#recorded = undefined;
    await this.#work;
  }

  get #isWorthIt(): boolean {
    return this.#client.uploads !== undefined && this.#blob.size >= leastPortableBytes;
  }

  #save({ session, confirmed, flushed }: UploadStanding): void {
    this.#savedAt = performance.now();
    this.#savedBytes = flushed;
    this.#savedConfirmed = confirmed;
    this.#trail.mark();
    const { location, foreign } = session;
    const record: UploadRecord = {
      ...this.#key,
      size: this.#blob.size,
      location: location.href,
      foreign,
      offset: confirmed,
      hashes: thinned(this.#trail.saved(), flushed),
    };
    // On a fast line no hash is saved: the record stays as it is.
    const isFresh = this.#savedAt - this.#recordedAt < renewedMs;
    if (isFresh && isDeepStrictEqual(record, this.#recorded)) return;
    this.#isRecorded = true;
    this.#recorded = record;
    this.#recordedAt = this.#savedAt;
    this.#taken = undefined;
    this.#isSaving = true;
    this.#work = this.#work.then(async () => {
      await this.#client.uploads?.save(record);
      this.#isSaving = false;
    });
  }
}

/** The states that another process may need: the registry has at most what was sent, and most likely little less. */
function thinned(hashes: readonly SavedHash[], sent: number): readonly SavedHash[] {
  let farthest = Infinity;
  const kept: SavedHash[] = [];
  for (const hash of hashes.toReversed()) {
    const distance = sent - hash.offset;
    if (distance > denseBytes && distance < 2 * farthest && farthest !== Infinity) continue;
    if (distance > denseBytes) farthest = distance;
    kept.unshift(hash);
  }
  return kept;
}
