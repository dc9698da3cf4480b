/** Converts rows to domain values. */
import { createHash } from 'node:crypto';

import { parsePlatformSelection, printPlatform } from '@image-ferry/registry/platform';
import { parseImageReference, printImageReference, withoutPassword } from '@image-ferry/registry/reference';

import { InvalidInput } from '../domain/ferry-error.js';
import type { FaultCode } from '../domain/ferry-error.js';
import { imageKey } from '../domain/image-key.js';
import { referenceFromRow } from '../domain/legacy-row.js';
import type { ReferenceColumns } from '../domain/legacy-row.js';
import { readPushStatus, recordableImage } from '../domain/wanted-image.js';
import type { WantedImage } from '../domain/wanted-image.js';
import type { ImagesForPush } from './tables.js';
import { targetSelection } from './wanted/target-selections.js';

const standardPlatform = 'linux/amd64';

export interface RowIdentity {
  readonly image: string;
  readonly platform: string;
  readonly key: string;
}

/** The image and platform of a row of `images_for_push`. @throws InvalidInput if it is invalid */
export function rowIdentity(row: ReferenceColumns & { readonly platform: string | null }): RowIdentity {
  assertText(row);
  const image = recordableImage(referenceFromRow(row));
  const platform = canonicalPlatforms(row.platform);
  return { image, platform, key: imageKey(image, platform) };
}

/** SQLite stores any type in any column: a BLOB in a text column is returned as bytes. */
function assertText(row: ReferenceColumns & { readonly platform: string | null }): void {
  for (const name of ['source_registry_url', 'orig_name_space', 'orig_image_name', 'platform'] as const) {
    const value: unknown = row[name];
    if (value === null || value === undefined || typeof value === 'string') continue;
    throw new InvalidInput(
      `the column ${name} contains ${typeof value === 'object' ? 'bytes' : typeof value}, not text`,
      'invalid-reference',
    );
  }
}

/** Whether a row still has the image of its identity: another program may have changed the columns. */
export function isStillItself(
  row: Parameters<typeof rowIdentity>[0] & { readonly image_key: string | null; readonly image: string | null },
): boolean {
  try {
    const { key, image } = rowIdentity(row);
    return key === row.image_key && image === row.image;
  } catch (error) {
    if (error instanceof InvalidInput) return false;
    throw error;
  }
}

/** Whether the column `image` contains a canonical image; another program may have written anything. */
export function isCanonicalImage(column: unknown): boolean {
  if (typeof column !== 'string') return false;
  try {
    return printImageReference(parseImageReference(column)) === column;
  } catch (error) {
    if (error instanceof InvalidInput) return false;
    throw error;
  }
}

/** What the columns that name an image say, for a row that names none or was not read yet. */
export function columnsAsText(row: ReferenceColumns): string {
  const parts = [row.source_registry_url, row.orig_name_space, row.orig_image_name];
  return withoutPassword(parts.filter((part) => part !== null && part !== '').join('/'));
}

/** `all`, or canonical platforms, sorted without duplicates, separated by commas. NULL and '' mean linux/amd64. */
export function canonicalPlatforms(column: string | null): string {
  const text = (column ?? '').trim();
  const selection = parsePlatformSelection(text === '' ? standardPlatform : text);
  return selection === 'all' ? 'all' : selection.map(printPlatform).sort().join(',');
}

export type WantedRow = Pick<
  ImagesForPush,
  | 'platform'
  | 'push_status'
  | 'source_digest'
  | 'checked_at'
  | 'first_missing_at'
  | 'blocked_code'
  | 'blocked_reason'
  | 'targets'
  | 'force_copy'
> & { readonly id: number };

export function wantedImage(row: WantedRow, image: string): WantedImage {
  const targets = targetSelection(row.targets);
  return {
    id: row.id,
    image,
    platform: canonicalPlatforms(row.platform),
    status: readPushStatus(row.push_status),
    sourceDigest: row.source_digest ?? undefined,
    checkedAt: row.checked_at ?? undefined,
    firstMissingAt: row.first_missing_at ?? undefined,
    blockedCode: (row.blocked_code ?? undefined) as FaultCode | undefined,
    blockedReason: row.blocked_reason ?? undefined,
    ...(targets === 'all' ? {} : { targets }),
    ...(row.force_copy === null ? {} : { forceCopy: true }),
  };
}

/** Identity of a name on a target, `pushed_images.name_key`. @param name canonical `host/repository:tag` */
export function nameKey(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}
