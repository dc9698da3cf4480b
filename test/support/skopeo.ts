export { skopeoCopy, skopeoInspectRaw, skopeoMirror } from '../../demo/skopeo.js';
export type { SkopeoCopyOptions, SkopeoImage } from '../../demo/skopeo.js';
