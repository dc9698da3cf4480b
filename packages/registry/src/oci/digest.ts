import { InvalidInput } from '../errors.js';

/** A content digest, `algorithm:hex` (image-spec, descriptor.md "Digests"). */
export type Digest = `sha256:${string}` | `sha512:${string}`;

const sha256Pattern = /^sha256:[0-9a-f]{64}$/;
const sha512Pattern = /^sha512:[0-9a-f]{128}$/;

/** isDigest checks if a text is a SHA-256 or SHA-512 digest with lower-case hex digits (image-spec, descriptor.md "Digests"). */
export function isDigest(text: string): text is Digest {
  return sha256Pattern.test(text) || sha512Pattern.test(text);
}

/**
 * parseDigest returns the text itself, typed as a digest.
 *
 * @param text `sha256:` and 64 hex digits, or `sha512:` and 128
 * @throws InvalidInput (`invalid-reference`) for any other text
 */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) {
    throw new InvalidInput(`"${text}" is not a sha256 or sha512 digest`, 'invalid-reference');
  }
  return text;
}
