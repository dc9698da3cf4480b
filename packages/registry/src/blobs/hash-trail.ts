import type { Digest } from '../oci/digest.js';
import type { SavedHash } from '../upload-records.js';
import { restoreBlobHash, startBlobHash } from './blob-hash.js';
import type { BlobHash, BlobHashOptions, HashCheckpoint } from './blob-hash.js';
import type { Blob } from './image-blobs.js';

/** A read that continues hashes at most this much, and a little more, that was hashed before. */
const stepBytes = 4 * 1024 * 1024;
/** Beyond this number every second checkpoint is dropped. */
const mostCheckpoints = 512;

/**
 * The states of a blob's hash along its bytes, over all reads of the blob. A read that begins at one of them continues
 * that hash, and must agree with the later ones that it passes: so the digest of a finished read vouches for what earlier
 * reads handed on, too.
 */
export class HashTrail {
  readonly #blob: Blob;
  /** In ascending order of their offsets. */
  #checkpoints: HashCheckpoint[] = [];
  readonly #portable: BlobHashOptions['portable'];
  /** The hashes of reads that go on. */
  readonly #open = new Set<TrackedHash>();

  constructor(blob: Blob, portable: BlobHashOptions['portable'] = 'never') {
    this.#blob = blob;
    this.#portable = portable;
  }

  /** Starts the hash of a read that must bring the bytes from `offset` on. It may begin earlier. */
  async start(offset: number): Promise<TrackedHash> {
    // The last byte is read in any case: only the end of a read shows whether its bytes are right.
    const wanted = Math.min(offset, this.#blob.size - 1);
    const from = this.#checkpoints.findLast((known) => known.offset <= wanted);
    const { digest, size } = this.#blob;
    const hash = from === undefined ? startBlobHash(digest, { size, portable: this.#portable }) : await from.resume();
    const tracked = new TrackedHash(this, hash);
    this.#open.add(tracked);
    return tracked;
  }

  /** The read of this hash is over. */
  ends(hash: TrackedHash): void {
    this.#open.delete(hash);
  }

  /** Leaves checkpoints where the reads are now. */
  mark(): void {
    for (const hash of this.#open) hash.mark();
  }

  /** The states that another process can continue, in ascending order of their offsets. */
  saved(): readonly SavedHash[] {
    return this.#checkpoints.flatMap((known) => known.save() ?? []);
  }

  /** Takes over states of an earlier process. */
  async restore(hashes: readonly SavedHash[]): Promise<void> {
    for (const saved of hashes) {
      const hash = await restoreBlobHash(this.#blob.digest, saved);
      if (hash !== undefined) this.add(hash.checkpoint());
    }
  }

  /** What was hashed so far is wrong. */
  clear(): void {
    this.#checkpoints = [];
  }

  /** The first known state after an offset. */
  after(offset: number): HashCheckpoint | undefined {
    return this.#checkpoints.find((known) => known.offset > offset);
  }

  add(checkpoint: HashCheckpoint): void {
    const position = this.#checkpoints.findLastIndex((known) => known.offset < checkpoint.offset) + 1;
    if (this.#checkpoints[position]?.offset === checkpoint.offset) return;
    this.#checkpoints.splice(position, 0, checkpoint);
    if (this.#checkpoints.length > mostCheckpoints) {
      this.#checkpoints = this.#checkpoints.filter((_, index) => index % 2 === 0);
    }
  }
}

/** The hash of one read, which leaves checkpoints on the trail of its blob. */
export class TrackedHash implements BlobHash {
  readonly #trail: HashTrail;
  readonly #hash: BlobHash;
  #markedAt: number;
  #next: HashCheckpoint | undefined;
  #isFinished = false;
  readonly #comparisons: Promise<boolean>[] = [];

  constructor(trail: HashTrail, hash: BlobHash) {
    this.#trail = trail;
    this.#hash = hash;
    this.#markedAt = hash.offset;
    this.#next = trail.after(hash.offset);
  }

  get offset(): number {
    return this.#hash.offset;
  }

  update(chunk: Buffer): void {
    let rest = chunk;
    for (let known = this.#next; known !== undefined; known = this.#next) {
      const missing = known.offset - this.offset;
      if (missing > rest.length) break;
      this.#hash.update(rest.subarray(0, missing));
      rest = rest.subarray(missing);
      this.#comparisons.push(agree(known, this.#hash.checkpoint()));
      this.#markedAt = this.offset;
      this.#next = this.#trail.after(this.offset);
    }
    if (rest.length > 0) this.#hash.update(rest);
    if (this.offset - this.#markedAt >= stepBytes) this.mark();
  }

  /** Leaves a checkpoint here. */
  mark(): void {
    if (this.#isFinished) return;
    this.#markedAt = this.offset;
    this.#trail.add(this.#hash.checkpoint());
  }

  checkpoint(): HashCheckpoint {
    return this.#hash.checkpoint();
  }

  digest(): Digest {
    this.mark();
    this.#isFinished = true;
    return this.#hash.digest();
  }

  /** Whether this read brought the same bytes as the earlier ones, as far as both went. */
  async agrees(): Promise<boolean> {
    const agreed = await Promise.all(this.#comparisons);
    return agreed.every(Boolean);
  }
}

async function agree(...checkpoints: readonly [HashCheckpoint, HashCheckpoint]): Promise<boolean> {
  const [known, now] = await Promise.all(checkpoints.map((each) => each.resume()));
  return known?.digest() === now?.digest();
}
