import { getManifest, headManifestAt, putManifest } from './manifests/manifest-exchange.js';
import type { Digest } from './oci/digest.js';
import { manifestTypeOf } from './oci/source-manifest.js';
import type { RegistryClient } from './registry-client.js';
import { RegistryFault } from './registry-errors.js';
import type { RepositoryRef } from './repository-ref.js';

/**
 * Keeps what a tag points to under another tag of the same repository, which has all of its content already: this reads
 * and puts one manifest and moves no blob. If the backup tag points to something else, it stays and another is used.
 *
 * @returns the backup tag; undefined if the manifest is gone already, so that there is nothing to keep
 * @throws RegistryFault also if neither tag is free
 */
export async function createBackupTag(
  client: RegistryClient,
  { repo, digest, tag }: { readonly repo: RepositoryRef; readonly digest: Digest; readonly tag: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const content = await getManifest(client, repo, digest, { signal });
  if (content === undefined) return undefined;
  const beside = backupTagBeside(tag, digest);
  for (const candidate of [tag, beside]) {
    const head = await headManifestAt(client, repo, candidate, { signal });
    if (head?.digest === digest) return candidate;
    if (head !== undefined) continue;
    const mediaType = manifestTypeOf(content.body.toString('utf8'), content.mediaType);
    await putManifest(client, repo, candidate, { ...content, mediaType }, signal);
    return candidate;
  }
  throw new RegistryFault(
    `cannot back up the current tag: ${tag} and ${beside} already point to other digests; delete one of these tags there, or choose another backupTag`,
    { repo, code: 'backup-tag-taken', decision: 'block' },
  );
}

/** The other name, used if the backup tag points to something else: no other digest is kept under this one. */
export function backupTagBeside(tag: string, digest: string): string {
  const hash = digest.slice(digest.indexOf(':') + 1).slice(0, 12);
  return `${tag.slice(0, 128 - hash.length - 1)}-${hash}`;
}
