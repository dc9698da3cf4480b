import { createHash } from 'node:crypto';

import { algorithmOf } from '../manifests/content-digest.js';
import type { Digest } from '../oci/digest.js';
import type { SavedHash } from '../upload-records.js';

/** Of the encoding itself; the state after it has its own mark of the code that made it. */
const version = 1;
const algorithms = { sha256: 1, sha512: 2 } as const;
const headBytes = 2;
const checkBytes = 8;

/**
 * Encodes the state of a hash: version, algorithm, state, and a check value over them, the blob's digest and the offset.
 * A state that was damaged, or that belongs to another blob, would otherwise be found only after the last byte.
 *
 * @returns base64
 */
export function encodeHashState(of: Digest, { offset, state }: { offset: number; state: Uint8Array }): string {
  const body = Buffer.concat([Buffer.of(version, algorithms[algorithmOf(of)]), state]);
  return Buffer.concat([body, checkOf(of, offset, body)]).toString('base64');
}

/** Returns undefined if it is not a state of this blob at this offset, as {@link encodeHashState} encodes it. */
export function decodeHashState(of: Digest, { offset, state }: SavedHash): Uint8Array | undefined {
  const bytes = Buffer.from(state, 'base64');
  if (bytes.length <= headBytes + checkBytes) return undefined;
  const body = bytes.subarray(0, -checkBytes);
  if (body[0] !== version || body[1] !== algorithms[algorithmOf(of)]) return undefined;
  if (!checkOf(of, offset, body).equals(bytes.subarray(-checkBytes))) return undefined;
  return body.subarray(headBytes);
}

function checkOf(of: Digest, offset: number, body: Uint8Array): Buffer {
  return createHash('sha256').update(`${of} ${offset} `).update(body).digest().subarray(0, checkBytes);
}
