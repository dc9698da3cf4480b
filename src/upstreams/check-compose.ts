import type { ServiceImage } from '../domain/compose-images.js';
import { imagesOfServices } from '../domain/compose-images.js';
import { FerryError } from '../domain/ferry-error.js';
import { releaseDifference } from '../domain/release-difference.js';
import type { FoundImage, ImageChange, Skipped, UpstreamFinding } from '../domain/upstream-finding.js';
import type { ComposeUpstream } from '../domain/upstream.js';
import { FetchScope } from '../domain/upstream.js';
import { loadComposeProject } from './compose-project.js';
import type { GitHub } from './github.js';
import type { UpstreamCheckOptions } from './check-options.js';
import { openCheck } from './release-listing.js';
import { openTagFiles } from './tag-files.js';

/**
 * What the newest release's compose file names, beside the release that was handled last, or else the one before it.
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
    ...(base === undefined ? {} : { previous: base }),
    isNew: true,
    added,
    changed,
    removed,
    unchanged: unchanged.length,
    services,
    wanted: wanted.map(foundImage),
    skipped,
    notes: [...notes, ...about],
    ...(etag === undefined ? {} : { etag }),
  };

  async function imagesAt(tag: string): Promise<{
    images: readonly ServiceImage[];
    skipped: readonly Skipped[];
    notes: readonly string[];
  }> {
    const { repository, file, include, exclude, variables } = upstream;
    // Not what every object has by itself: `constructor` is a name as good as any.
    const lookup = (name: string): string | undefined => (Object.hasOwn(variables, name) ? variables[name] : undefined);
    const project = await loadComposeProject(openTagFiles(github, { repository, tag }, options.signal), file, lookup);
    const read = imagesOfServices(project.services, { lookup, ...(include === undefined ? {} : { include }), exclude });
    return { images: read.images, skipped: [...read.skipped, ...project.skipped], notes: project.notes };
  }

  /** An older release without the file, or with one that cannot be read, has nothing to compare with: all is new then. */
  async function imagesOfBase(tag: string): Promise<readonly ServiceImage[]> {
    try {
      return (await imagesAt(tag)).images;
    } catch (error) {
      const isOld =
        error instanceof FerryError && (error.code === 'upstream-missing' || error.code === 'upstream-format');
      if (!isOld) throw error;
      notes.push(`${tag} cannot be compared with, so that every image of ${newest} counts as new: ${error.message}`);
      return [];
    }
  }
}

function foundImage({ image, services, oldTag, newTag }: ImageChange): FoundImage {
  return {
    image,
    ...(services.length === 0 ? {} : { service: services.join(', ') }),
    ...(oldTag === undefined ? {} : { oldTag }),
    ...(newTag === undefined ? {} : { newTag }),
  };
}
