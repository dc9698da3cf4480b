export { skopeoCopy, skopeoInspectRaw } from '../../demo/skopeo.js';
export type { SkopeoCopyOptions, SkopeoImage } from '../../demo/skopeo.js';
