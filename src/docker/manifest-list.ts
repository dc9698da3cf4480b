/**
 * Manifest lists. `docker manifest` is the one part of docker's command line here that speaks to registries itself, not
 * through the daemon: an image of several platforms needs a worker that reaches its target.
 */
import type { Digest } from '@image-ferry/registry/digest';
import type { ImageReference } from '@image-ferry/registry/reference';
import { printImageReference } from '@image-ferry/registry/reference';
import type { Platform } from '@image-ferry/registry/platform';
import { readPlatform } from '@image-ferry/registry/platform';
import { DockerFault } from './docker-fault.js';
import { pushedListDigest } from './docker-output.js';
import type { DockerSession } from './docker-session.js';
import { readAnswer } from './read-answer.js';

/** Platforms of the source's index; [] where the reference leads to one image. @throws DockerFault */
export async function offeredPlatforms(session: DockerSession, source: ImageReference): Promise<readonly Platform[]> {
  const insecure = session.insecureFlag(source.host);
  const name = printImageReference(source);
  const lines = await session.run(['manifest', 'inspect', ...insecure, name], 'source').catch(withHint);
  const index = readAnswer(lines, `docker manifest inspect ${name}`, 'source');
  const manifests = typeof index === 'object' && index !== null && 'manifests' in index ? index.manifests : [];
  if (!Array.isArray(manifests)) return [];
  return manifests.flatMap((entry: { platform?: unknown } | null) => readPlatform(entry?.platform) ?? []);
}

/** Of an index in OCI's form an older command says the same as of one that is not there. */
function withHint(error: unknown): never {
  if (!(error instanceof DockerFault) || error.code !== 'tag-missing') throw error;
  const { side, code, decision } = error;
  const hint = 'docker commands before 23 say so of every OCI index, too: use a newer one, or want single platforms';
  throw new DockerFault(`${error.message}; ${hint}`, { side, code, decision });
}

/**
 * Sets a tag to a manifest list of what was pushed to its repository before.
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
  const message = `docker manifest push ${list} did not say what it pushed`;
  throw new DockerFault(message, { side: 'target', code: 'protocol', decision: 'block' });
}
