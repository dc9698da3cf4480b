import { printImageReference } from '@image-ferry/registry/reference';

import type { Discovered } from '../discovery/discovery.js';
import type { ServiceImage } from '../domain/compose-images.js';
import type { ImageFind } from '../domain/found-image.js';
import { fitsAny } from '../domain/name-pattern.js';
import type { Skipped } from '../domain/upstream-finding.js';
import { namesOfImage } from '../domain/upstream-platforms.js';
import type { ImagePatterns } from '../domain/upstream.js';
import type { ReleaseImages } from './compare-releases.js';
import { UpstreamFault } from './upstream-fault.js';

/**
 * The images that were found in the files of a release and that the patterns select: certain ones, and the likely ones
 * that `likely` names.
 *
 * @param where their address, for messages
 * @throws UpstreamFault if a file could not be read, since images would be missing, or nothing was found
 */
export function discoveredImages(
  { finds, skipped, unread, unknown, notes }: Discovered,
  { include, exclude, likely }: ImagePatterns,
  where: string,
): ReleaseImages {
  const [fault] = unread;
  if (fault !== undefined) throw unusable(`${fault.source} cannot be read: ${fault.reason}`);
  if (finds.length === 0) throw unusable(`no image is named in ${where}`);

  const certain = new Set(finds.filter(({ certainty }) => certainty === 'certain').map(imageOf));
  const images = new Map<string, ServiceImage>();
  const left = new Map<string, Skipped>();
  for (const find of finds) {
    const names = namesOfImage(find.reference);
    const image = imageOf(find);
    const matches = (patterns: readonly string[]): boolean => names.some((name) => fitsAny(name, patterns));
    const reason =
      (certain.has(image) || matches(likely) ? undefined : 'it is only likely; "likely" can select it') ??
      (include !== undefined && !matches(include) ? 'no include pattern matches it' : undefined) ??
      (matches(exclude) ? 'an exclude pattern matches it' : undefined);
    const service = objectOf(find);
    if (reason === undefined) images.set(`${service} ${image}`, { service, reference: find.reference });
    else left.set(image, { what: image, reason });
  }
  const unclear = unknown.map(({ source: what, reason }) => ({ what, reason }));
  return { images: [...images.values()], skipped: [...unclear, ...skipped, ...left.values()], notes };

  function unusable(message: string): UpstreamFault {
    return new UpstreamFault(message, { code: 'upstream-format', decision: 'block' });
  }
}

function imageOf({ reference }: ImageFind): string {
  return printImageReference(reference);
}

/** `Deployment shop/web` of `Deployment shop/web spec.template…`. */
function objectOf({ evidence: { path } }: ImageFind): string {
  return path.split(' ').slice(0, 2).join(' ');
}
