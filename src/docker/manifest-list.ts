/**
 * Manifest lists. `docker manifest` is the only docker command here that connects to registries itself, not through the
 * daemon: an image with several platforms needs a worker that can reach its target.
 */
import type { Digest } from '@image-ferry/registry/digest';
import { readPlatform } from '@image-ferry/registry/platform';
import type { Platform } from '@image-ferry/registry/platform';
import { printImageReference } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import { DockerFault } from './docker-fault.js';
import { pushedListDigest } from './docker-output.js';
import type { DockerSession } from './docker-session.js';
import { readAnswer } from './read-answer.js';

/** Platforms of the source's index; [] if the reference points to a single image. @throws DockerFault */
export async function offeredPlatforms(session: DockerSession, source: ImageReference): Promise<readonly Platform[]> {
  const insecure = session.insecureFlag(source.host);
  const name = printImageReference(source);
  const lines = await session.run(['manifest', 'inspect', ...insecure, name], 'source').catch(withHint);
  const index = readAnswer(lines, `docker manifest inspect ${name}`, 'source');
  const manifests = typeof index === 'object' && index !== null && 'manifests' in index ? index.manifests : [];
  if (!Array.isArray(manifests)) return [];
  return manifests.flatMap((entry: { platform?: unknown } | null) => readPlatform(entry?.platform) ?? []);
}

/** For an index in OCI format, an older command prints the same as for a missing one. */
function withHint(error: unknown): never {
  if (!(error instanceof DockerFault) || error.code !== 'tag-missing') throw error;
  const { side, code, decision } = error;
  const hint =
    'docker commands before 23 report this for every OCI index: use a newer one, or request single platforms';
  throw new DockerFault(`${error.message}; ${hint}`, { side, code, decision });
}

/**
 * Points a tag to a manifest list of images that were pushed to its repository before.
 * @returns its digest
 * @throws DockerFault
 */
export async function pushManifestList(
  session: DockerSession,
  { host, repository, tag }: { readonly host: string; readonly repository: string; readonly tag: string },
  digests: readonly Digest[],
): Promise<Digest> {
  const insecure = session.insecureFlag(host);
  const list = `${host}/${repository}:${tag}`;
  const children = digests.map((digest) => `${host}/${repository}@${digest}`);
  await session.run(['manifest', 'create', ...insecure, list, ...children], 'target');
  const digest = pushedListDigest(await session.run(['manifest', 'push', '--purge', ...insecure, list], 'target'));
  if (digest !== undefined) return digest;
  const message = `docker manifest push ${list} printed no digest`;
  throw new DockerFault(message, { side: 'target', code: 'protocol', decision: 'block' });
}
