import type { CopyRequest } from './copy-types.js';
import type { Content } from './manifests/content-cache.js';
import { lookForManifest, readManifest } from './manifests/manifest-exchange.js';
import type { ManifestHead } from './manifests/manifest-exchange.js';
import { isDigest } from './oci/digest.js';
import type { Digest } from './oci/digest.js';
import { printPlatform } from './oci/platform.js';
import type { ChildDescriptor } from './oci/source-manifest.js';
import type { RegistryClient } from './registry-client.js';
import { RegistryFault } from './registry-errors.js';
import type { RepositoryRef } from './repository-ref.js';
import { requestTags } from './request-tags.js';
import type { BodyBudget } from './transport/body-budget.js';
import { withUnused } from './transport/unused-credentials.js';

/** The most entries that a message names; an index may list hundreds. */
const maxPlatformsNamed = 10;
const tagsLimitBytes = 1024 * 1024;

export function sourceRepo({ source }: Pick<CopyRequest, 'source'>): RepositoryRef {
  return { side: 'source', host: source.host, repository: source.path };
}

export interface ResolvedSource {
  readonly digest: Digest;
  /** What the tag points to; absent if the digest was given. */
  readonly head?: ManifestHead;
}

/**
 * Resolves the digest to copy: the requested one, or what the tag points to now (one HEAD). From here on everything is
 * addressed by digest, so a tag that moves meanwhile changes nothing.
 *
 * @throws RegistryFault `tag-missing` (wait), `repository-missing` (block), or another fault that the registry reports
 */
export async function resolveSource(
  client: RegistryClient,
  { source, sourceDigest }: CopyRequest,
  signal?: AbortSignal,
): Promise<ResolvedSource> {
  const fixed = sourceDigest ?? source.digest;
  if (fixed !== undefined) return { digest: fixed };
  const repo = sourceRepo({ source });
  const tag = source.tag ?? 'latest';
  const look = await lookForManifest(client, repo, tag, { signal });
  if (look.kind === 'there') return { digest: look.head.digest, head: look.head };
  throw await missingManifest(client, repo, tag, {
    codes: look.kind === 'absent' ? look.codes : [],
    signal,
  });
}

/**
 * Reads one manifest from the source by digest. Some proxies (Nexus) return what a tag points to by its tag alone.
 *
 * @param root the digest with which the copy began, `tag` the tag that points to it, and `listed` its entries, if read
 * @throws RegistryFault if it is not there
 */
export async function readFromSource(
  client: RegistryClient,
  repo: RepositoryRef,
  digest: Digest,
  {
    root,
    tag,
    listed,
    budget,
    signal,
  }: {
    readonly root: Digest;
    readonly tag: string | undefined;
    readonly listed: readonly ChildDescriptor[];
    readonly budget: BodyBudget;
    readonly signal: AbortSignal;
  },
): Promise<Content> {
  const { content, codes } = await readManifest(client, repo, digest, { budget, signal });
  if (content !== undefined) return content;
  const byTag =
    digest === root && tag !== undefined ? await readManifest(client, repo, tag, { budget, signal }) : undefined;
  if (byTag?.content?.digest === digest) return byTag.content;
  if (digest === root) throw await missingManifest(client, repo, digest, { codes, signal });
  throw new RegistryFault(missingChild(root, digest, listed), { repo, code: 'source-corrupt', decision: 'block' });
}

function missingChild(root: Digest, digest: Digest, listed: readonly ChildDescriptor[]): string {
  const named = new Map(
    listed.flatMap((child) => (child.platform === undefined ? [] : [[child.digest, printPlatform(child.platform)]])),
  );
  const own = named.get(digest);
  named.delete(digest);
  const others = [...new Set(named.values())].filter((platform) => platform !== own).slice(0, maxPlatformsNamed);
  const what = `the manifest ${digest}${own === undefined ? '' : ` (${own})`}`;
  const advice =
    others.length === 0
      ? ''
      : `; platforms whose manifests are there can be copied without it when they are chosen by name (it also lists ${others.join(', ')})`;
  return `its index ${root} lists ${what}, but it is not there: the image is broken at its source${advice}`;
}

/**
 * Waits for a tag that may still be published; a repository that does not exist is a mistake.
 *
 * @param options.codes the registry's error codes for the GET of the manifest
 */
export async function missingManifest(
  client: RegistryClient,
  repo: RepositoryRef,
  reference: string,
  { codes, signal }: { readonly codes: readonly string[]; readonly signal?: AbortSignal | undefined },
): Promise<RegistryFault> {
  if (saysNoName(codes) || (await repositoryIsMissing(client, repo, signal))) {
    const message = `there is no such repository at ${repo.host}; check its name`;
    const fault = new RegistryFault(message, { repo, status: 404, code: 'repository-missing', decision: 'block' });
    return await withUnused(client.host(repo.host), repo, fault);
  }
  const what = isDigest(reference) ? `no manifest ${reference}` : `no tag "${reference}"`;
  const message = `it has ${what}; it may not be published yet, or not any more`;
  return new RegistryFault(message, { repo, status: 404, code: 'tag-missing', decision: 'wait' });
}

/** If a manifest's 404 says only "manifest unknown", the list of tags may show that the repository is missing. */
async function repositoryIsMissing(
  client: RegistryClient,
  repo: RepositoryRef,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await requestTags(client, repo, {
      query: 'n=1',
      attempts: 2,
      limitBytes: tagsLimitBytes,
      signal,
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof RegistryFault)) return false;
    // Harbor answers NOT_FOUND to everything, and says in words what was not found.
    const isSaid = error.diagnostics.some(({ message }) => /\b(repository|project) \S+ not found\b/i.test(message));
    return (error.status === 404 && isSaid) || saysNoName(error.diagnostics.map(({ code }) => code));
  }
  return false;
}

function saysNoName(codes: readonly string[]): boolean {
  return codes.includes('NAME_UNKNOWN') || codes.includes('NAME_INVALID');
}
