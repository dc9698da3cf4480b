import type { CopyRequest, CopyTarget } from './copy-types.js';
import type { ManifestHead } from './manifests/manifest-exchange.js';
import { ManifestReader } from './manifests/manifest-reader.js';
import type { Digest } from './oci/digest.js';
import { readTargetTag, repoOf } from './prepare-target.js';
import type { TargetTag } from './prepare-target.js';
import type { RegistryClient } from './registry-client.js';
import type { RepositoryRef } from './repository-ref.js';
import { resolveSource, sourceRepo } from './resolve-source.js';
import type { ImageBudget } from './transport/body-budget.js';

/** Bytes of a manifest for each blob that it names, at the least. */
const bytesOfEntry = 150;

export interface Bounds {
  /** A copy follows: connections are opened, and questions asked, as early as possible. */
  readonly copies: boolean;
  readonly budget: ImageBudget;
  readonly signal: AbortSignal;
}

export interface BothSides {
  readonly sourceDigest: Digest;
  readonly tags: readonly TargetTag[];
  readonly reader: ManifestReader;
}

/**
 * Resolves the source's tag and reads the tag of each target, at the same time. If equal tags of all kinds are trusted,
 * the source comes first: targets then only report if they have the same digest.
 *
 * @throws RegistryError of the source; a fault of a target is in its entry
 */
export async function lookAtBothSides(
  client: RegistryClient,
  request: CopyRequest,
  { copies, budget, signal }: Bounds,
): Promise<BothSides> {
  const repo = sourceRepo(request);
  const holders = new Map<Digest, RepositoryRef[]>();
  const source = resolveSource(client, request, signal).then(({ digest, head }) => {
    const bounds = { tag: request.source.tag, holders, budget, signal };
    return { digest, head, reader: new ManifestReader(client, repo, { root: digest, ...bounds }) };
  });
  const likely = request.trustEqualTags === true ? (await source).head : undefined;

  /** The target most likely gets the image. */
  const expectCopy = (target: CopyTarget): void => {
    if (!copies) return;
    source.then(
      ({ digest, head, reader }) => {
        openConnections(client, [repo, repoOf(target)], head);
        if (head !== undefined && isFreeToRead(client, repo)) reader.readAhead(digest);
      },
      // The fault is reported below.
      () => {},
    );
  };
  const targets = request.targets.map(async (target) => {
    const tag = await readTargetTag(client, target, {
      likely,
      onUnclear: () => expectCopy(target),
      proves: request.force === true,
      signal,
    });
    const { digest } = await source;
    if (tag.current === undefined) return tag;
    holders.set(tag.current, [...(holders.get(tag.current) ?? []), tag.repo]);
    if (tag.current !== digest) expectCopy(target);
    return tag;
  });
  const [{ digest: sourceDigest, reader }, tags] = await Promise.all([source, Promise.all(targets)]);
  return { sourceDigest, reader, tags };
}

/** Opens as many connections to each registry as an image of this size will likely need: one for each of its blobs. */
function openConnections(
  client: RegistryClient,
  repos: readonly RepositoryRef[],
  head: ManifestHead | undefined,
): void {
  const requests = Math.ceil((head?.size ?? 0) / bytesOfEntry) + 1;
  for (const repo of repos) {
    client
      .host(repo.host)
      .openAhead(repo, requests)
      // A fault is reported by the request that needs the connection.
      .catch(() => {});
  }
}

/**
 * Whether a read that turns out to be needless costs nothing but bytes: the source has answered without an allowance for
 * pulls, and no quota counts them.
 */
function isFreeToRead(client: RegistryClient, { host }: RepositoryRef): boolean {
  const { pulls, metersPulls, mirrors } = client.host(host);
  return pulls === undefined && !metersPulls && mirrors.isEmpty;
}
