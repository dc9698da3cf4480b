/** Unfinished uploads and the habits of registries, as they are kept beyond one process. No I/O. */
import { isDigest } from './oci/digest.js';
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
  /** Whether one connection has carried as much as shows that the line does not break; false after a break. */
  readonly lineHolds?: boolean | undefined;
}

/** Remembers, beyond one process, how a registry takes uploads. None of its promises rejects. */
export interface UploadHabitStore {
  load(registry: string): Promise<UploadHabits | undefined>;
  save(registry: string, habits: UploadHabits): Promise<void>;
}

/** No registry gives a longer location; what is longer was not written by this program. */
const maxLocationLength = 16_384;

/**
 * parseUploadRecord checks an upload that was read from a file or a database: others may have written there, and the
 * location of an upload is a URL that requests are sent to.
 *
 * @param value what `JSON.parse` returned, or the fields of a row
 * @returns undefined for anything that is not an upload of a blob
 */
export function parseUploadRecord(value: unknown): UploadRecord | undefined {
  if (!isObject(value)) return undefined;
  const { registry, repository, tag, digest, size, location, foreign, offset, hashes } = value;
  if (!isText(registry) || !isText(repository) || !isText(tag)) return undefined;
  if (!isText(digest) || !isDigest(digest)) return undefined;
  if (!isCount(size) || !isCount(offset) || offset > size || typeof foreign !== 'boolean') return undefined;
  if (!isText(location) || !isHttpUrl(location) || !Array.isArray(hashes)) return undefined;
  const states = hashes.flatMap((each: unknown) => parseSavedHash(each, size) ?? []);
  if (states.length < hashes.length) return undefined;
  const ascending = states.toSorted((one, other) => one.offset - other.offset);
  return { registry, repository, tag, digest, size, location, foreign, offset, hashes: ascending };
}

function parseSavedHash(value: unknown, size: number): SavedHash | undefined {
  if (!isObject(value)) return undefined;
  const { offset, state } = value;
  return isCount(offset) && offset <= size && isText(state) ? { offset, state } : undefined;
}

/**
 * parseUploadHabits checks habits that were read from a file or a database. A field that is not valid is left out: it
 * is learned again.
 *
 * @param value what `JSON.parse` returned
 */
export function parseUploadHabits(value: unknown): UploadHabits {
  if (!isObject(value)) return {};
  const { afterBreak, takesChunks, leastChunkBytes, mostBodyBytes, bytesBetweenBreaks, lineHolds } = value;
  return {
    afterBreak: breakHabits.find((habit) => habit === afterBreak),
    takesChunks: typeof takesChunks === 'boolean' ? takesChunks : undefined,
    leastChunkBytes: isCount(leastChunkBytes) ? leastChunkBytes : undefined,
    mostBodyBytes: isCount(mostBodyBytes) ? mostBodyBytes : undefined,
    bytesBetweenBreaks: isCount(bytesBetweenBreaks) ? bytesBetweenBreaks : undefined,
    lineHolds: typeof lineHolds === 'boolean' ? lineHolds : undefined,
  };
}

const breakHabits = ['keeps-bytes', 'keeps-chunks', 'forgets'] as const;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isHttpUrl(text: string): boolean {
  return text.length <= maxLocationLength && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
