import { Discovery } from '../discovery/discovery.js';
import { readYaml } from '../discovery/read-text.js';
import type { UpstreamFinding } from '../domain/upstream-finding.js';
import type { KubernetesUpstream } from '../domain/upstream.js';
import type { UpstreamCheckOptions } from './check-options.js';
import { compareReleases } from './compare-releases.js';
import { discoveredImages } from './discovered-images.js';
import type { GitHub } from './github.js';
import { openTagFiles } from './tag-files.js';

/**
 * Compares the images in the newest release's Kubernetes manifests with those of the last handled release, or else of the
 * previous one.
 *
 * @throws UpstreamFault naming the address
 */
export async function checkKubernetes(
  github: GitHub,
  upstream: KubernetesUpstream,
  options: UpstreamCheckOptions,
): Promise<UpstreamFinding> {
  const { repository, files: paths, images } = upstream;
  return await compareReleases(github, upstream, options, async (tag) => {
    const files = openTagFiles(github, { repository, tag }, options.signal);
    const discovery = new Discovery();
    for (const path of paths) readYaml(discovery, await files.require(path), files.addressOf(path));
    return discoveredImages(discovery, images, `${paths.join(', ')} of ${repository} at ${tag}`);
  });
}
