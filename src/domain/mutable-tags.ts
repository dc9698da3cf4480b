import { tagFault } from '@image-ferry/registry/reference';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

import { InvalidInput } from './ferry-error.js';
import { fitsAny } from './name-pattern.js';

/** Which tags may move at their source, and how often they are checked. */
export interface MutableTags {
  /** Tags, `*` for any characters; `*` alone for all tags, empty for none. */
  readonly patterns: readonly string[];
  /** Milliseconds between two checks; 0: in each run. */
  readonly everyMs: number;
  /** Template of the backup tag that keeps the old content when a tag on a target is replaced; absent: no backup. */
  readonly backupTag?: string | undefined;
}

const tagPlaceholder = '{tag}';
const timePlaceholder = '{yyyymmddhhmmss}';

/** @param image canonical; an image with a digest never moves */
export function isMutable(image: string, { patterns }: Pick<MutableTags, 'patterns'>): boolean {
  if (image.includes('@')) return false;
  return fitsAny(image.slice(image.lastIndexOf(':') + 1), patterns);
}

/** @param at UTC milliseconds */
export function backupTagFor(template: string, tag: string, at: number): string {
  const time = new Date(at).toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const around = template.replaceAll(timePlaceholder, time);
  // A tag has at most 128 characters. The time is required, so the end of the tag itself is cut.
  const room = Math.max(0, 128 - around.replaceAll(tagPlaceholder, '').length);
  return around.replaceAll(tagPlaceholder, tag.length <= room ? tag : shortened(tag, room));
}

/** Cuts a tag and adds a hash, so that backups of similar tags made in the same second do not replace each other. */
function shortened(tag: string, room: number): string {
  const hash = bytesToHex(sha256(utf8ToBytes(tag))).slice(0, 8);
  return (room > hash.length + 1 ? `${tag.slice(0, room - hash.length - 1)}-${hash}` : hash).slice(0, room);
}

/** @throws InvalidInput (`configuration`) when the template gives an invalid tag, or always the same one */
export function checkBackupTag(template: string): void {
  const expected = `use something like ${tagPlaceholder}-${timePlaceholder}`;
  for (const placeholder of [tagPlaceholder, timePlaceholder]) {
    if (template.split(placeholder).length === 2) continue;
    throw new InvalidInput(`"${template}" must contain ${placeholder} exactly once: ${expected}`, 'configuration');
  }
  const fault = tagFault(backupTagFor(template, 'latest', 0));
  if (fault !== undefined)
    throw new InvalidInput(`"${template}" gives an invalid tag: ${fault}; ${expected}`, 'configuration');
}
