import type { Blob } from './blobs/image-blobs.js';
import type { CopiedPlatform, CopyTarget, TargetPlan } from './copy-types.js';
import { RegistryError } from './errors.js';
import { getManifest, lookForManifest } from './manifests/manifest-exchange.js';
import type { ManifestHead } from './manifests/manifest-exchange.js';
import type { ManifestReader, ReadManifest } from './manifests/manifest-reader.js';
import { requiredManifests } from './manifests/required-manifests.js';
import type { RequiredManifest } from './manifests/required-manifests.js';
import type { Digest } from './oci/digest.js';
import { isArtifactManifest, readSourceManifest } from './oci/source-manifest.js';
import { aboutOf, composeTag } from './oci/tag-composition.js';
import type { CompositionRequest, TagComposition } from './oci/tag-composition.js';
import type { ReferrerFinder } from './referrers/referrer-finder.js';
import { noReferrers, requiredReferrers } from './referrers/required-referrers.js';
import type { RequiredReferrers } from './referrers/required-referrers.js';
import type { RegistryClient } from './registry-client.js';
import type { RepositoryRef } from './repository-ref.js';
import { TargetLooks } from './target-looks.js';

export interface PreparedTarget {
  readonly target: CopyTarget;
  readonly repo: RepositoryRef;
  readonly plan: TargetPlan;
  /** What the target has. */
  readonly looks: TargetLooks;
  /** In the order in which they are put: children before the index that lists them, the tag's own last. */
  readonly manifests: readonly RequiredManifest[];
  readonly referrers: RequiredReferrers;
  /** What the target has is no proof of what it lists. */
  readonly force: boolean;
  /** The tag points to the right manifest: only what lies below it is missing. */
  readonly tagIsSet: boolean;
  /** Before the copy the target did not reveal what the tag points to. */
  readonly tagIsUntold: boolean;
}

/** A target, and what its tag points to before the copy. */
export interface TargetTag {
  readonly target: CopyTarget;
  readonly repo: RepositoryRef;
  /** What else it has. */
  readonly looks: TargetLooks;
  /** What the tag points to now, and its media type. */
  readonly current?: Digest;
  readonly currentType?: string;
  /** The target does not reveal what the tag points to: with `denied` it may be missing, with `blocked` it exists. */
  readonly untold?: 'denied' | 'blocked';
  readonly failure?: RegistryError;
}

export async function readTargetTag(
  client: RegistryClient,
  target: CopyTarget,
  {
    likely,
    onUnclear,
    proves = false,
    signal,
  }: {
    readonly likely?: ManifestHead | undefined;
    /** The tag is most likely missing: another request decides. */
    readonly onUnclear?: (() => void) | undefined;
    /** The copy is forced: a HEAD is no proof of a blob. */
    readonly proves?: boolean;
    readonly signal: AbortSignal;
  },
): Promise<TargetTag> {
  const { tag } = target;
  const repo = repoOf(target);
  const looks = new TargetLooks(client, repo, { proves, signal });
  const found = { target, repo, looks };
  try {
    const options = { deniedIsAbsent: true, attempts: 2, likely, onUnclear, signal };
    const look = await lookForManifest(client, repo, tag, options);
    if (look.kind === 'absent') return found;
    if (look.kind === 'untold') return { ...found, untold: look.isThere ? 'blocked' : 'denied' };
    return { ...found, current: look.head.digest, currentType: look.head.mediaType };
  } catch (failure) {
    signal.throwIfAborted();
    if (!(failure instanceof RegistryError)) throw failure;
    return { ...found, failure };
  }
}

export function repoOf({ name, host, repository }: CopyTarget): RepositoryRef {
  return { side: 'target', host, repository, name };
}

export interface TargetPreparation {
  readonly tag: TargetTag;
  readonly reader: ManifestReader;
  readonly finder: ReferrerFinder;
  readonly root: ReadManifest;
  readonly composition: Pick<CompositionRequest, 'image' | 'source' | 'configs' | 'unreadable' | 'selection'>;
  /** With policy `keep`: everything that the decision is about. */
  readonly overall: TagComposition;
  readonly force: boolean;
  /** A copy follows: what it will ask is asked as early as possible. */
  readonly looksAhead: boolean;
  readonly signal: AbortSignal;
}

/** Finds what one target's tag will point to, and what the target lacks. @throws RegistryError */
export async function prepareTarget(client: RegistryClient, preparation: TargetPreparation): Promise<PreparedTarget> {
  const { tag, reader, finder, root, composition, overall, force, signal } = preparation;
  const { target, repo, looks, current } = tag;
  const policy = target.manifestPolicy;
  const composed =
    policy === 'keep'
      ? overall
      : composeTag({
          ...composition,
          ...(await artifactsIn(preparation)),
          target: target.name,
          policy,
        });

  await reader.expect(composed.children);
  // The answers come while the source's manifests are read.
  const rootDigest = composed.root.kind === 'source' ? root.content.digest : composed.root.digest;
  if (preparation.looksAhead && !force) {
    const expected = [...composed.children.map((child) => child.digest), rootDigest];
    looks.begin({ manifests: expected.filter((each) => each !== current) });
  }
  const manifests = await requiredManifests(reader, root, composed);
  const last = manifests.at(-1);
  if (last === undefined) throw new TypeError('a tag always points to a manifest');
  const { digest, mediaType } = last.content;
  // The source does not know an index that this client made.
  const ofSource = composed.root.kind === 'index' ? manifests.slice(0, -1) : manifests;
  const subjects = ofSource.map(({ content }) => content.digest);
  const referrers =
    target.referrers === true
      ? await requiredReferrers(client, { finder, reader, target, repo, subjects, signal })
      : noReferrers;
  const children = [...manifests.slice(0, -1), ...referrers.manifests];
  const alreadyThere =
    !force &&
    current === digest &&
    referrers.unlisted.size + referrers.tags.length === 0 &&
    (await areThere(looks, children));
  const replaces = current === undefined || current === digest ? undefined : current;
  const parts = new Set(manifests.slice(0, -1).map(({ content }) => content.digest));
  const isExtended = replaces !== undefined && (await isPartOf(client, repo, { digest: replaces, parts, signal }));
  return preparedTarget(tag, {
    manifests,
    referrers,
    force,
    tagIsSet: current === digest,
    plan: {
      digest,
      mediaType,
      platforms: copiedPlatforms(composed, manifests, digest),
      alreadyThere,
      replaces,
      extends: isExtended ? true : undefined,
      referrers: target.referrers === true ? referrers.count : undefined,
      dropped: [...composed.dropped, ...referrers.dropped],
      note: composed.note,
    },
  });
}

type FoundOnTarget = Pick<PreparedTarget, 'manifests' | 'referrers' | 'force' | 'tagIsSet'> & {
  readonly plan: Omit<TargetPlan, 'target' | 'reference'>;
};

/** Adds what is known of the target before anything else is read from it. */
export function preparedTarget(
  { target, repo, looks, untold }: TargetTag,
  { plan, ...found }: FoundOnTarget,
): PreparedTarget {
  const identity = { target: target.name, reference: referenceOf(target) };
  return { target, repo, looks, ...found, tagIsUntold: untold !== undefined, plan: { ...identity, ...plan } };
}

/** Whether a manifest, or everything that an index lists, is among the parts of a new index. */
async function isPartOf(
  client: RegistryClient,
  repo: RepositoryRef,
  {
    digest,
    parts,
    signal,
  }: { readonly digest: Digest; readonly parts: ReadonlySet<string>; readonly signal: AbortSignal },
): Promise<boolean> {
  if (parts.size === 0 || parts.has(digest)) return parts.has(digest);
  try {
    const content = await getManifest(client, repo, digest, { deniedIsAbsent: true, attempts: 1, signal });
    if (content === undefined) return false;
    const { body, mediaType: contentType } = content;
    const text = body.toString('utf8');
    const manifest = readSourceManifest({ name: digest, digest, contentType, size: body.length, text });
    return manifest.kind === 'index' && manifest.children.every((child) => parts.has(child.digest));
  } catch (error) {
    signal.throwIfAborted();
    // Only for the report: a manifest that cannot be read is replaced.
    if (!(error instanceof RegistryError)) throw error;
    return false;
  }
}

/**
 * Manifests that a registry for images alone refuses; only those without a platform are candidates. An attestation that
 * the source no longer has is left out by `drop` like a refused one.
 */
async function artifactsIn({
  tag: { target },
  reader,
  root,
  overall: { children },
  composition,
}: TargetPreparation): Promise<Pick<CompositionRequest, 'refusedDigests' | 'unreadable'>> {
  const nameless = children.filter(({ platform }) => platform === undefined);
  const unreadable = new Map(composition.unreadable);
  const refusedDigests = new Set<Digest>();
  const note = ({ content, manifest }: ReadManifest): void => {
    if (manifest.kind === 'image' && isArtifactManifest(manifest.json)) refusedDigests.add(content.digest);
  };
  if (root.manifest.kind === 'image') note(root);
  await reader.readAll(
    nameless.map(({ digest }) => digest),
    { ifThere: true },
  );
  for (const child of nameless) {
    const mayBeLeft = target.manifestPolicy === 'drop' && aboutOf(child) !== undefined;
    const found = mayBeLeft ? await reader.readIfThere(child.digest) : await reader.read(child.digest);
    if ('reason' in found) unreadable.set(child.digest, found.reason);
    else note(found);
  }
  return { refusedDigests, unreadable };
}

async function areThere(looks: TargetLooks, manifests: readonly RequiredManifest[]): Promise<boolean> {
  const heads = await Promise.all(manifests.map(async ({ content }) => await looks.manifest(content.digest)));
  return heads.every((head) => head !== undefined);
}

function copiedPlatforms(
  { platforms }: TagComposition,
  manifests: readonly RequiredManifest[],
  root: Digest,
): readonly CopiedPlatform[] {
  const sizes = new Map(manifests.map(({ content, blobs }) => [content.digest, totalSize(blobs)]));
  if (platforms.length === 0) return [{ platform: '', digest: root, size: sizes.get(root) ?? 0 }];
  return platforms.map(({ platform, digest }) => ({ platform, digest, size: sizes.get(digest) ?? 0 }));
}

function totalSize(blobs: readonly Blob[]): number {
  return blobs.reduce((sum, { size }) => sum + size, 0);
}

/** `host/repository:tag` */
export function referenceOf({ host, repository, tag }: CopyTarget): string {
  return `${host}/${repository}:${tag}`;
}
