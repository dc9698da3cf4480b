import { parsePlatformSelection, printPlatform } from '@image-ferry/registry/platform';
import type { Platform, PlatformSelection } from '@image-ferry/registry/platform';

import { PushStatus } from './wanted-image.js';

/**
 * wantedSelection returns the platforms of an image's tag: those of all its rows except withdrawn ones; `all` takes
 * precedence. Sorted by name without duplicates; empty if every row is withdrawn.
 */
export function wantedSelection(
  rows: readonly { readonly platform: string; readonly status: PushStatus }[],
): PlatformSelection {
  const platforms = new Map<string, Platform>();
  for (const { platform, status } of rows) {
    if (status === PushStatus.withdrawn) continue;
    const selection = parsePlatformSelection(platform);
    if (selection === 'all') return 'all';
    for (const wanted of selection) platforms.set(printPlatform(wanted), wanted);
  }
  return [...platforms.keys()].sort().flatMap((name) => platforms.get(name) ?? []);
}
