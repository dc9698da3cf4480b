/** References to images: what users type and what registries understand. No I/O, and nothing of Node. */
export {
  canonicalHost,
  dockerHub,
  looksLikeHost,
  parseImageReference,
  printImageReference,
  sourceRepository,
  usableReference,
} from './oci/image-reference.js';
export type { ImageReference } from './oci/image-reference.js';
export { excerpt, hostFault, pathFault, tagFault } from './oci/reference-grammar.js';
export { holdsPassword, withoutPassword } from './oci/typed-password.js';
