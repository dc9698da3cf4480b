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
  #known = new KnownStates();
  readonly #portable: BlobHashOptions['portable'];
  /** The hashes of reads that go on. */
  readonly #open = new Set<TrackedHash>();
  /** What the uploads that got bytes were fed with. */
  readonly #fed = new WeakMap<object, KnownStates>();

  constructor(blob: Blob, portable: BlobHashOptions['portable'] = 'never') {
    this.#blob = blob;
    this.#portable = portable;
  }

  /** Starts the hash of a read that must bring the bytes from `offset` on. It may begin earlier. */
  async start(offset: number): Promise<TrackedHash> {
    const known = this.#known;
    // The last byte is read in any case: only the end of a read shows whether its bytes are right.
    const from = known.before(Math.min(offset, this.#blob.size - 1));
    const { digest, size } = this.#blob;
    const hash = from === undefined ? startBlobHash(digest, { size, portable: this.#portable }) : await from.resume();
    const tracked = new TrackedHash(known, hash);
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
    return this.#known.checkpoints.flatMap((each) => each.save() ?? []);
  }

  /** Takes over states of an earlier process. */
  async restore(hashes: readonly SavedHash[]): Promise<void> {
    for (const saved of hashes) {
      const hash = await restoreBlobHash(this.#blob.digest, saved);
      if (hash !== undefined) this.#known.add(hash.checkpoint());
    }
  }

  /** An upload gets bytes of this blob. */
  feeds(upload: object): void {
    if (!this.#fed.has(upload)) this.#fed.set(upload, this.#known);
  }

  /** Whether some of the bytes that an upload got may be wrong: they cannot be checked any more. */
  isDoubtful(upload: object): boolean {
    return this.#fed.get(upload) !== this.#known;
  }

  /** What this read brought is wrong, or what earlier ones brought. */
  clear({ known }: TrackedHash): void {
    if (known === this.#known) this.#known = new KnownStates();
  }
}

/** The states that reads have left, until one of the reads turns out to be wrong. */
class KnownStates {
  /** In ascending order of their offsets. */
  checkpoints: readonly HashCheckpoint[] = [];
  /** Every read so far brought the same bytes as the earlier ones, as far as both went. */
  agreed = Promise.resolve(true);

  /** The last state at an offset or before it. */
  before(offset: number): HashCheckpoint | undefined {
    return this.checkpoints.findLast((known) => known.offset <= offset);
  }

  /** The first state after an offset. */
  after(offset: number): HashCheckpoint | undefined {
    return this.checkpoints.find((known) => known.offset > offset);
  }

  add(checkpoint: HashCheckpoint): void {
    const position = this.checkpoints.findLastIndex((known) => known.offset < checkpoint.offset) + 1;
    if (this.checkpoints[position]?.offset === checkpoint.offset) return;
    const all = this.checkpoints.toSpliced(position, 0, checkpoint);
    this.checkpoints = all.length > mostCheckpoints ? all.filter((_, index) => index % 2 === 0) : all;
  }

  /** Compares two states at the same offset: also a read that does not reach the end may show that one was wrong. */
  compare(one: HashCheckpoint, other: HashCheckpoint): void {
    this.agreed = Promise.all([this.agreed, areEqual(one, other)]).then((all) => all.every(Boolean));
  }
}

/** The hash of one read, which leaves checkpoints on the trail of its blob. */
export class TrackedHash implements BlobHash {
  readonly known: KnownStates;
  readonly #hash: BlobHash;
  #markedAt: number;
  #next: HashCheckpoint | undefined;
  #isFinished = false;

  constructor(known: KnownStates, hash: BlobHash) {
    this.known = known;
    this.#hash = hash;
    this.#markedAt = hash.offset;
    this.#next = known.after(hash.offset);
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
      this.known.compare(known, this.#hash.checkpoint());
      this.#markedAt = this.offset;
      this.#next = this.known.after(this.offset);
    }
    if (rest.length > 0) this.#hash.update(rest);
    if (this.offset - this.#markedAt >= stepBytes) this.mark();
  }

  /** Leaves a checkpoint here. */
  mark(): void {
    if (this.#isFinished) return;
    this.#markedAt = this.offset;
    this.known.add(this.#hash.checkpoint());
  }

  checkpoint(): HashCheckpoint {
    return this.#hash.checkpoint();
  }

  digest(): Digest {
    this.mark();
    this.#isFinished = true;
    return this.#hash.digest();
  }

  /** Whether this read and all before it brought the same bytes, as far as each of them went. */
  async agrees(): Promise<boolean> {
    return await this.known.agreed;
  }
}

async function areEqual(...checkpoints: readonly [HashCheckpoint, HashCheckpoint]): Promise<boolean> {
  try {
    const [one, other] = await Promise.all(checkpoints.map((each) => each.resume()));
    return one?.digest() === other?.digest();
  } catch {
    // A state that cannot be continued cannot be compared: then the bytes count as different.
    return false;
  }
}
