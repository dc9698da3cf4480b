import { InvalidInput } from '../errors.js';

/** A content digest, `algorithm:hex` (image-spec, descriptor.md "Digests"). */
export type Digest = `sha256:${string}` | `sha512:${string}`;

const sha256Pattern = /^sha256:[0-9a-f]{64}$/;
const sha512Pattern = /^sha512:[0-9a-f]{128}$/;

export function isDigest(text: string): text is Digest {
  return sha256Pattern.test(text) || sha512Pattern.test(text);
}

/** @throws InvalidInput naming what is wrong with the digest */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) {
    throw new InvalidInput(`"${text}" is not a sha256 or sha512 digest`, 'invalid-reference');
  }
  return text;
}
