import { printImageReference } from '@image-ferry/registry/reference';

import { loadComposeProject } from '../compose/compose-project.js';
import { imagesOfServices } from '../domain/compose-images.js';
import type { UpstreamFinding } from '../domain/upstream-finding.js';
import type { ComposeUpstream } from '../domain/upstream.js';
import type { UpstreamCheckOptions } from './check-options.js';
import { compareReleases } from './compare-releases.js';
import type { GitHub } from './github.js';
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
  const { repository, file, include, exclude, variables } = upstream;
  // Only own properties: `constructor` is a valid variable name.
  const lookup = (name: string): string | undefined => (Object.hasOwn(variables, name) ? variables[name] : undefined);
  return await compareReleases(github, upstream, options, async (tag) => {
    const files = openTagFiles(github, { repository, tag }, options.signal);
    const project = await loadComposeProject(files, file, lookup);
    const read = imagesOfServices(project.services, { lookup, include, exclude });
    options.keep?.({
      release: tag,
      compose: { path: file, text: await files.require(file) },
      images: read.images.map(({ service, reference }) => ({ service, image: printImageReference(reference) })),
    });
    return { images: read.images, skipped: [...read.skipped, ...project.skipped], notes: project.notes };
  });
}
