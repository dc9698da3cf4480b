export { hasBlob, pushBlob, pushImage, readManifest } from '../../demo/image-exchange.js';
export { blobOf, makeLayer, sha256 } from '../../demo/make-blob.js';
export type { MadeBlob, MadeLayer } from '../../demo/make-blob.js';
export { blobsOf, makeAttestation, makeImage, makeIndex } from '../../demo/make-images.js';
export type { ImageFormat, ImageOptions, MadeManifest } from '../../demo/make-images.js';
