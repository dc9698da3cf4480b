import { parseImageReference, printImageReference } from '@image-ferry/registry/reference';

import { InvalidInput } from '../domain/ferry-error.js';
import { versionOf } from '../domain/release-version.js';
import type { ImageChange, Skipped, UpstreamFinding } from '../domain/upstream-finding.js';
import type { ReleaseUpstream } from '../domain/upstream.js';
import type { UpstreamCheckOptions } from './check-options.js';
import type { GitHub } from './github.js';
import { openCheck } from './release-listing.js';

/**
 * The images with the newest release's tag. They need not exist yet: a missing tag waits automatically.
 *
 * @throws UpstreamFault naming the address
 */
export async function checkRelease(
  github: GitHub,
  upstream: ReleaseUpstream,
  options: UpstreamCheckOptions,
): Promise<UpstreamFinding> {
  const opening = await openCheck(github, upstream, options);
  if (opening.kind === 'over') return opening.finding;

  const { newest, base, etag, notes } = opening;
  const { changes, skipped } = imagesOf(upstream, newest, base);
  options.keep?.({ release: newest, images: changes.map(({ image }) => ({ service: serviceOf(image), image })) });
  return {
    release: newest,
    previous: base,
    isNew: true,
    added: base === undefined ? changes : [],
    changed: base === undefined ? [] : changes,
    removed: [],
    unchanged: 0,
    services: [],
    wanted: changes.map(({ image, oldTag, newTag }) => ({
      image,
      oldTag,
      newTag,
    })),
    skipped,
    notes,
    etag,
  };
}

/** The last part of the path, as in `docker compose` projects with one service. */
function serviceOf(image: string): string {
  return parseImageReference(image).path.split('/').at(-1) ?? image;
}

function imagesOf(
  { images }: ReleaseUpstream,
  release: string,
  base: string | undefined,
): { readonly changes: readonly ImageChange[]; readonly skipped: readonly Skipped[] } {
  const changes: ImageChange[] = [];
  const skipped: Skipped[] = [];
  for (const pattern of images) {
    const text = fill(pattern, release);
    try {
      const reference = parseImageReference(text);
      const before = base === undefined ? undefined : parseImageReference(fill(pattern, base)).tag;
      changes.push({
        image: printImageReference(reference),
        services: [],
        oldTag: before,
        newTag: reference.tag,
      });
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      // A version may contain characters that an image tag does not allow (`1.0+cpu`).
      skipped.push({ what: text, reason: error.message });
    }
  }
  return { changes, skipped };
}

function fill(pattern: string, tag: string): string {
  return pattern.replaceAll('{tag}', tag).replaceAll('{version}', versionOf(tag));
}
