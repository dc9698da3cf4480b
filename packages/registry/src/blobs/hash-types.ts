import type { Digest } from '../oci/digest.js';
import type { SavedHash } from '../upload-records.js';

/** The state of a hash after some bytes of a blob: a hash can be continued from it. */
export interface HashCheckpoint {
  /** Bytes that were hashed. */
  readonly offset: number;
  /** Returns the state in a form that another process can continue; undefined where this hash cannot be saved. */
  save(): SavedHash | undefined;
  /** Returns a hash that continues from here, independent of the one that the checkpoint was made from. */
  resume(): Promise<BlobHash>;
}

/** The digest of the bytes of a blob, in order from its first byte. */
export interface BlobHash {
  /** Bytes that were hashed: the offset of the next byte. */
  readonly offset: number;
  update(chunk: Buffer): void;
  checkpoint(): HashCheckpoint;
  /** Ends the hash. */
  digest(): Digest;
}
