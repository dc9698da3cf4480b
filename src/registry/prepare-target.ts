import type { Digest } from '../domain/digest.js';
import { FerryError } from '../domain/ferry-error.js';
import { isArtifactManifest } from '../domain/source-manifest.js';
import { aboutOf, composeTag } from '../domain/tag-composition.js';
import type { CompositionRequest, TagComposition } from '../domain/tag-composition.js';
import type { CopiedPlatform, CopyTarget, TargetPlan } from './copy-types.js';
import type { Blob } from './blobs/image-blobs.js';
import { lookForManifest } from './manifests/manifest-exchange.js';
import type { ManifestHead } from './manifests/manifest-exchange.js';
import { headManifests } from './manifests/head-manifests.js';
import type { ManifestReader, ReadManifest } from './manifests/manifest-reader.js';
import { owedManifests } from './manifests/owed-manifests.js';
import type { OwedManifest } from './manifests/owed-manifests.js';
import { noReferrers, owedReferrers } from './referrers/owed-referrers.js';
import type { OwedReferrers } from './referrers/owed-referrers.js';
import type { Place } from './place.js';
import type { ReferrerFinder } from './referrers/referrer-finder.js';
import type { RegistryClient } from './registry-client.js';

export interface PreparedTarget {
  readonly target: CopyTarget;
  readonly place: Place;
  readonly plan: TargetPlan;
  /** In the order in which they are put: children before the index that lists them, the tag's own last. */
  readonly manifests: readonly OwedManifest[];
  readonly referrers: OwedReferrers;
  /** What the target has vouches for nothing. */
  readonly anew: boolean;
  /** The tag leads where it should: only what lies below it is owed. */
  readonly tagIsSet: boolean;
  /** Before the copy the target did not say what the tag points to. */
  readonly tagIsUntold: boolean;
}

/** A target, and what its tag leads to before the copy. */
export interface TargetTag {
  readonly target: CopyTarget;
  readonly place: Place;
  /** What the tag leads to now, and of which media type that is. */
  readonly current?: Digest;
  readonly currentType?: string;
  /** The target does not say what the tag points to: `denied` may mean that it is not there, `blocked` that it is. */
  readonly untold?: 'denied' | 'blocked';
  readonly failure?: FerryError;
}

export async function readTargetTag(
  client: RegistryClient,
  target: CopyTarget,
  { likely, signal }: { readonly likely?: ManifestHead | undefined; readonly signal: AbortSignal },
): Promise<TargetTag> {
  const { name, host, repository, tag } = target;
  const place: Place = { side: 'target', host, repository, name };
  try {
    const options = { deniedIsAbsent: true, attempts: 2, signal, ...(likely === undefined ? {} : { likely }) };
    const look = await lookForManifest(client, place, tag, options);
    if (look.kind === 'absent') return { target, place };
    if (look.kind === 'untold') return { target, place, untold: look.isThere ? 'blocked' : 'denied' };
    return { target, place, current: look.head.digest, currentType: look.head.mediaType };
  } catch (failure) {
    signal.throwIfAborted();
    if (!(failure instanceof FerryError)) throw failure;
    return { target, place, failure };
  }
}

export interface TargetPreparation {
  readonly tag: TargetTag;
  readonly reader: ManifestReader;
  readonly finder: ReferrerFinder;
  readonly root: ReadManifest;
  readonly composition: Pick<CompositionRequest, 'image' | 'source' | 'configs' | 'unreadable' | 'selection'>;
  /** With policy `keep`: what there is to decide about. */
  readonly overall: TagComposition;
  readonly anew: boolean;
  readonly signal: AbortSignal;
}

/** What one target's tag will lead to, and what it lacks. @throws FerryError */
export async function prepareTarget(client: RegistryClient, preparation: TargetPreparation): Promise<PreparedTarget> {
  const { tag, reader, finder, root, composition, overall, anew, signal } = preparation;
  const { target, place, current } = tag;
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

  const manifests = await owedManifests(reader, root, composed);
  const last = manifests.at(-1);
  if (last === undefined) throw new TypeError('a tag always leads to a manifest');
  const { digest, mediaType } = last.content;
  // An index of our own making is none that the source knows anything about.
  const ofSource = composed.root.kind === 'index' ? manifests.slice(0, -1) : manifests;
  const subjects = ofSource.map(({ content }) => content.digest);
  const referrers =
    target.referrers === true
      ? await owedReferrers(client, { finder, reader, target, place, subjects, signal })
      : noReferrers;
  const children = [...manifests.slice(0, -1), ...referrers.manifests];
  const alreadyThere =
    !anew &&
    current === digest &&
    referrers.unlisted.size + referrers.tags.length === 0 &&
    (await areThere(client, place, children, signal));
  return {
    target,
    place,
    manifests,
    referrers,
    anew,
    tagIsSet: current === digest,
    tagIsUntold: tag.untold !== undefined,
    plan: {
      target: target.name,
      reference: referenceOf(target),
      digest,
      mediaType,
      platforms: copiedPlatforms(composed, manifests, digest),
      alreadyThere,
      ...(current === undefined || current === digest ? {} : { replaces: current }),
      ...(target.referrers === true ? { referrers: referrers.count } : {}),
      dropped: [...composed.dropped, ...referrers.dropped],
      ...(composed.note === undefined ? {} : { note: composed.note }),
    },
  };
}

/**
 * Manifests that a registry for images alone refuses; only those without a platform come into question. An attestation
 * that the source has no more is left out by `drop` like one that is refused.
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

async function areThere(
  client: RegistryClient,
  place: Place,
  manifests: readonly OwedManifest[],
  signal: AbortSignal,
): Promise<boolean> {
  const heads = await headManifests(client, place, manifests, signal);
  return heads.every((head) => head !== undefined);
}

function copiedPlatforms(
  { platforms }: TagComposition,
  manifests: readonly OwedManifest[],
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
