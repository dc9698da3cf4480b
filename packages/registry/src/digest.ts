/** Content digests. No I/O, and nothing of Node. */
export { isDigest, parseDigest } from './oci/digest.js';
export type { Digest } from './oci/digest.js';
