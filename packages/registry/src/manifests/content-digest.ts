import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';

import type { Digest } from '../oci/digest.js';

type Algorithm = 'sha256' | 'sha512';

export function algorithmOf(digest: Digest): Algorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** A running hash of the digest's own algorithm. */
export function startDigest(digest: Digest): Hash {
  return createHash(algorithmOf(digest));
}

/** Ends a running hash. */
export function finishDigest(hash: Hash, algorithm: Algorithm): Digest {
  return `${algorithm}:${hash.digest('hex')}`;
}

export function digestOf(body: Uint8Array, algorithm: Algorithm): Digest {
  return finishDigest(createHash(algorithm).update(body), algorithm);
}
