import type { ServiceImage } from '../domain/compose-images.js';
import { FerryError } from '../domain/ferry-error.js';
import { releaseDifference } from '../domain/release-difference.js';
import type { FoundImage, ImageChange, Skipped, UpstreamFinding } from '../domain/upstream-finding.js';
import { FetchScope } from '../domain/upstream.js';
import type { VersionOrder } from '../domain/version-order.js';
import type { UpstreamCheckOptions } from './check-options.js';
import type { GitHub } from './github.js';
import { openCheck } from './release-listing.js';

/** A project whose releases contain files that name images. */
interface Released {
  readonly repository: string;
  readonly order: VersionOrder;
  readonly prereleases: boolean;
  readonly scope: FetchScope;
}

/** What the files of one release name. */
export interface ReleaseImages {
  readonly images: readonly ServiceImage[];
  readonly skipped: readonly Skipped[];
  readonly notes: readonly string[];
}

/**
 * Compares the images of the newest release with those of the last handled release, or else of the previous one.
 *
 * @param imagesAt reads those of the release with a tag
 * @throws UpstreamFault naming the address
 */
export async function compareReleases(
  github: GitHub,
  upstream: Released,
  options: UpstreamCheckOptions,
  imagesAt: (tag: string) => Promise<ReleaseImages>,
): Promise<UpstreamFinding> {
  const { scope = upstream.scope } = options;
  const opening = await openCheck(github, upstream, options);
  if (opening.kind === 'over') return opening.finding;

  const { newest, base, etag } = opening;
  const notes = [...opening.notes];
  const { images, skipped, notes: about } = await imagesAt(newest);
  const older = base === undefined ? [] : await imagesOfBase(base);
  const { added, changed, removed, unchanged, services } = releaseDifference(older, images);
  const wanted = scope === FetchScope.release ? [...added, ...changed, ...unchanged] : [...added, ...changed];
  return {
    release: newest,
    previous: base,
    isNew: true,
    added,
    changed,
    removed,
    unchanged: unchanged.length,
    services,
    wanted: wanted.map(foundImage),
    skipped,
    notes: [...notes, ...about],
    etag,
  };

  /** An older release without a readable file cannot be compared: all images are new then. */
  async function imagesOfBase(tag: string): Promise<readonly ServiceImage[]> {
    try {
      return (await imagesAt(tag)).images;
    } catch (error) {
      const isOld =
        error instanceof FerryError && (error.code === 'upstream-missing' || error.code === 'upstream-format');
      if (!isOld) throw error;
      notes.push(`${tag} cannot be compared, so every image of ${newest} counts as new: ${error.message}`);
      return [];
    }
  }
}

function foundImage({ image, services, oldTag, newTag }: ImageChange): FoundImage {
  return {
    image,
    ...(services.length === 0 ? {} : { service: services.join(', ') }),
    oldTag,
    newTag,
  };
}
