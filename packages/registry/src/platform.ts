/** Platforms of images: reading, printing and comparing them. No I/O, and nothing of Node. */
export {
  isPlatformWord,
  parsePlatform,
  parsePlatformSelection,
  platformMatches,
  printPlatform,
  readPlatform,
} from './oci/platform.js';
export type { Platform, PlatformSelection } from './oci/platform.js';
export { mayBeFor, oddityOf, platformIn } from './oci/config-platform.js';
export type { ConfigPlatform } from './oci/config-platform.js';
