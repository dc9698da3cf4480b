import { printImageReference } from '@image-ferry/registry/reference';

import { loadComposeProject } from '../compose/compose-project.js';
import { imagesOfServices } from '../domain/compose-images.js';
import type { ServiceImage } from '../domain/compose-images.js';
import { FerryError } from '../domain/ferry-error.js';
import { releaseDifference } from '../domain/release-difference.js';
import type { FoundImage, ImageChange, Skipped, UpstreamFinding } from '../domain/upstream-finding.js';
import { FetchScope } from '../domain/upstream.js';
import type { ComposeUpstream } from '../domain/upstream.js';
import type { UpstreamCheckOptions } from './check-options.js';
import type { GitHub } from './github.js';
import { openCheck } from './release-listing.js';
import { openTagFiles } from './tag-files.js';

/**
 * Compares the images in the newest release's compose file with those of the last handled release, or else of the
 * previous one.
 *
 * @throws UpstreamFault naming the address
 */
export async function checkCompose(
  github: GitHub,
  upstream: ComposeUpstream,
  options: UpstreamCheckOptions,
): Promise<UpstreamFinding> {
  const { scope = upstream.scope } = options;
  const opening = await openCheck(github, upstream, options);
  if (opening.kind === 'over') return opening.finding;

  const { newest, base, etag } = opening;
  const notes = [...opening.notes];
  const { images, skipped, notes: about } = await imagesAt(newest);
  const older = base === undefined ? [] : await imagesOfBase(base);
  const difference = releaseDifference(older, images);
  const { added, changed, removed, unchanged, services } = difference;
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

  async function imagesAt(tag: string): Promise<{
    images: readonly ServiceImage[];
    skipped: readonly Skipped[];
    notes: readonly string[];
  }> {
    const { repository, file, include, exclude, variables } = upstream;
    // Only own properties: `constructor` is a valid variable name.
    const lookup = (name: string): string | undefined => (Object.hasOwn(variables, name) ? variables[name] : undefined);
    const files = openTagFiles(github, { repository, tag }, options.signal);
    const project = await loadComposeProject(files, file, lookup);
    const read = imagesOfServices(project.services, { lookup, include, exclude });
    options.keep?.({
      release: tag,
      compose: { path: file, text: await files.require(file) },
      images: read.images.map(({ service, reference }) => ({ service, image: printImageReference(reference) })),
    });
    return { images: read.images, skipped: [...read.skipped, ...project.skipped], notes: project.notes };
  }

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
