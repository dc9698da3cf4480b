import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

import { InvalidInput } from './ferry-error.js';
import { fitsAny } from './name-pattern.js';
import { tagFault } from '../../packages/registry/src/oci/reference-grammar.js';

/** Which tags are expected to move at their source, and what is done about it. */
export interface MutableTags {
  /** Tags, `*` for any characters; `*` alone for all tags, empty for none. */
  readonly patterns: readonly string[];
  /** How long after the last look, in milliseconds; 0: in each run. */
  readonly everyMs: number;
  /** What a tag on a target leads to is kept under this tag before it is made to lead elsewhere; absent: it is not. */
  readonly backupTag?: string;
}

const tagPlaceholder = '{tag}';
const timePlaceholder = '{yyyymmddhhmmss}';

/** @param image canonical; one with a digest never moves, whatever its tag */
export function isMutable(image: string, { patterns }: Pick<MutableTags, 'patterns'>): boolean {
  if (image.includes('@')) return false;
  return fitsAny(image.slice(image.lastIndexOf(':') + 1), patterns);
}

/** @param at UTC milliseconds */
export function backupTagFor(template: string, tag: string, at: number): string {
  const time = new Date(at).toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const around = template.replaceAll(timePlaceholder, time);
  // A tag has 128 characters at most: the time is needed, so that the tag's own end gives way.
  const room = Math.max(0, 128 - around.replaceAll(tagPlaceholder, '').length);
  return around.replaceAll(tagPlaceholder, tag.length <= room ? tag : shortened(tag, room));
}

/** For a backup whose own tag leads to something else already: no other digest is kept under this one. */
export function backupTagBeside(tag: string, digest: string): string {
  const hash = digest.slice(digest.indexOf(':') + 1).slice(0, 12);
  return `${tag.slice(0, 128 - hash.length - 1)}-${hash}`;
}

/** Tags that begin alike stay apart: in one second both may be kept, and neither backup may take the other's place. */
function shortened(tag: string, room: number): string {
  const hash = bytesToHex(sha256(utf8ToBytes(tag))).slice(0, 8);
  return (room > hash.length + 1 ? `${tag.slice(0, room - hash.length - 1)}-${hash}` : hash).slice(0, room);
}

/** @throws InvalidInput (`configuration`) when the template makes no tag, or the same one each time */
export function checkBackupTag(template: string): void {
  const expected = `type something like ${tagPlaceholder}-${timePlaceholder}`;
  for (const placeholder of [tagPlaceholder, timePlaceholder]) {
    if (template.split(placeholder).length === 2) continue;
    throw new InvalidInput(`"${template}" has to hold ${placeholder} once: ${expected}`, 'configuration');
  }
  const fault = tagFault(backupTagFor(template, 'latest', 0));
  if (fault !== undefined) throw new InvalidInput(`"${template}" makes no tag: ${fault}; ${expected}`, 'configuration');
}
