/** What tags point to, and what a selection may leave out of it. No I/O, and nothing of Node. */
export { defaultManifestPolicy } from './oci/default-manifest-policy.js';
export { ManifestPolicy } from './oci/manifest-policy.js';
export type { DroppedManifest } from './oci/manifest-policy.js';
export { coverageOf, platformsBeside, platformsIn } from './oci/tag-contents.js';
export type { Coverage, TagContents, TaggedImage } from './oci/tag-contents.js';
