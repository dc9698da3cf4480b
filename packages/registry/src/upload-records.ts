import type { Digest } from './oci/digest.js';

/** The state of a hash after the first `offset` bytes of a blob. */
export interface SavedHash {
  readonly offset: number;
  /** Base64. */
  readonly state: string;
}

/** Which upload a record is about. Copies of two images to one repository keep separate uploads of a blob. */
export interface UploadKey {
  readonly registry: string;
  readonly repository: string;
  /** Tag of the image that the blob belongs to. */
  readonly tag: string;
  readonly digest: Digest;
}

/** An upload that was not finished, from which another process can continue. */
export interface UploadRecord extends UploadKey {
  /** Size of the whole blob, in bytes. */
  readonly size: number;
  /** Where the next request goes. It is a capability: a process that knows it can write to the upload. Never log it. */
  readonly location: string;
  /** The location is on an origin that a redirect chose: it gets no authorization. */
  readonly foreign: boolean;
  /** Bytes that the registry has confirmed. It may have more: only the registry knows. */
  readonly offset: number;
  /** States of the hash at or before what the registry may have, in ascending order of their offset. */
  readonly hashes: readonly SavedHash[];
}

/**
 * Keeps uploads beyond one process. None of its promises rejects: an implementation reports its own faults, and an
 * upload that cannot be found starts again from byte 0.
 */
export interface UploadJournal {
  /** Returns the upload of this key that an earlier process left, and takes it over. */
  take(key: UploadKey): Promise<UploadRecord | undefined>;
  /** Records how far an upload is; replaces the record with the same key. */
  save(record: UploadRecord): Promise<void>;
  /** The upload is over: finished, cancelled, or forgotten by the registry. */
  remove(key: UploadKey): Promise<void>;
}

/** What a registry does with an upload whose request broke; learned from its answers. */
export interface UploadHabits {
  /**
   * - `keeps-bytes`: an upload continues after the last byte that arrived
   * - `keeps-chunks`: an upload continues after the last finished request
   * - `forgets`: an upload whose request broke is gone
   */
  readonly afterBreak?: 'keeps-bytes' | 'keeps-chunks' | 'forgets' | undefined;
  /** Whether a blob can be sent in several requests. */
  readonly takesChunks?: boolean | undefined;
  /** Least size of a chunk but the last, in bytes (`OCI-Chunk-Min-Length`). */
  readonly leastChunkBytes?: number | undefined;
  /** Largest body that was accepted where a larger one was refused with 413, in bytes. */
  readonly mostBodyBytes?: number | undefined;
  /** Bytes that got through on one connection before it broke; absent while none has broken lately. */
  readonly bytesBetweenBreaks?: number | undefined;
}

/** Remembers, beyond one process, how a registry takes uploads. None of its promises rejects. */
export interface UploadHabitStore {
  load(registry: string): Promise<UploadHabits | undefined>;
  save(registry: string, habits: UploadHabits): Promise<void>;
}
