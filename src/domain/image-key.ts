import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

import { targetTagKey } from './target-tag.js';

/**
 * Identity of a wanted image, `images_for_push.image_key`: 64 hexadecimal characters.
 * @param image canonical `host/path:tag[@digest]`
 * @param platform canonical platform, or `all`
 */
export function imageKey(image: string, platform: string): string {
  return sha256Hex(`${image}|${platform}`);
}

/** One workflow per tag on the targets, for all platforms and digests: two workflows would race for the tag. */
export function syncImageWorkflowId(image: string): string {
  return `sync-image/${sha256Hex(targetTagKey(image)).slice(0, 32)}`;
}

/** One rollback at a time for each copy. */
export function rollbackWorkflowId(image: string, target: string): string {
  return `rollback/${sha256Hex(`${image}|${target}`).slice(0, 32)}`;
}

function sha256Hex(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}
