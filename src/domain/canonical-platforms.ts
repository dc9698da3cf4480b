import { parsePlatformSelection, printPlatform } from '@image-ferry/registry/platform';

/**
 * Platforms as requests and settings hold them: canonical, or `all` alone.
 *
 * @param text separated by commas
 * @throws InvalidInput for a text that is no platform
 */
export function canonicalPlatforms(text: string): readonly string[] {
  const selection = parsePlatformSelection(text);
  return selection === 'all' ? ['all'] : selection.map(printPlatform);
}
