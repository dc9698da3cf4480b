/** Targets that have an image already: what they have is left as it is, whatever its source has by now. */
import { isDigest } from '@image-ferry/registry/digest';
import type { Digest } from '@image-ferry/registry/digest';
import { coverageOf, platformsBeside, platformsIn } from '@image-ferry/registry/manifest';
import type { TagContents } from '@image-ferry/registry/manifest';
import type { Platform, PlatformSelection } from '@image-ferry/registry/platform';
import type { ImageReference } from '@image-ferry/registry/reference';

import type { LeftTarget } from '../contract/activity-types.js';
import { faultOrThrow } from '../contract/to-fault.js';
import { isMutable } from '../domain/mutable-tags.js';
import type { MutableTags } from '../domain/mutable-tags.js';
import type { Target } from '../domain/target.js';
import type { Holding, Holdings } from '../domain/wanted-image.js';
import type { CopyEngine, TagRef } from './engine-ports.js';
import { readableAt, tagRefOf } from './tag-ref.js';

export interface HeldTarget {
  readonly target: string;
  /** `host/repository:tag` */
  readonly reference: string;
  readonly digest: string;
  /** `host/repository@digest`, to be read from; absent where only a Docker daemon may. */
  readonly readable?: string;
  readonly pushedId?: number | undefined;
  readonly note?: string | undefined;
  /** What the source had when it was copied; and what the target has, which may be the source's as well. */
  readonly sourceDigests: readonly Digest[];
}

export interface FoundHoldings {
  readonly held: readonly HeldTarget[];
  /** Targets that could not be asked: nothing may be copied over what may be there. */
  readonly unasked: readonly LeftTarget[];
  /** What those are known to have, from the rows alone. */
  readonly recorded: readonly HeldTarget[];
  /** Platforms on the others that are not wanted: a copy of the wanted ones alone would take them away. */
  readonly beside: readonly Platform[];
}

interface Wanted {
  readonly image: string;
  readonly source: ImageReference;
  readonly selection: PlatformSelection;
  readonly targets: readonly Target[];
}

interface HeldPorts {
  readonly engine: Pick<CopyEngine, 'look' | 'isSame' | 'resolve'>;
  /** Without patterns no tag is mutable. */
  readonly mutableTags: Partial<Pick<MutableTags, 'patterns'>>;
}

/**
 * Finds the targets in the rows that have the image for every wanted platform. A copy that the ferry itself pushed does
 * not count, and is updated, where a user has requested the image since.
 *
 * @throws FerryError of the source, which is asked about a mutable tag
 */
export async function findHeld(
  wanted: Wanted,
  { byTarget, askedAt = Number.NEGATIVE_INFINITY }: Holdings,
  ports: HeldPorts,
  signal: AbortSignal,
): Promise<FoundHoldings> {
  const { selection, targets } = wanted;
  const held: HeldTarget[] = [];
  const unasked: LeftTarget[] = [];
  const recorded: HeldTarget[] = [];
  const beside: Platform[] = [];
  await Promise.all(
    targets.map(async (target) => {
      const holding = byTarget.get(target.name);
      const isAsked = holding?.pushedAt !== undefined && askedAt >= holding.pushedAt;
      if (holding === undefined || isAsked) return;
      if (target.engine === 'docker') {
        if (holding.pushedAt !== undefined) held.push(heldOn(target, holding, holding.digest ?? ''));
        return;
      }
      const tagRef = tagRefOf(target.name, holding.reference);
      try {
        const contents = await ports.engine.look(tagRef, { signal });
        if (contents === undefined) return;
        // Another client has moved the tag since the ferry set it.
        if (holding.pushedAt !== undefined && holding.digest !== contents.digest) return;
        const coverage = coverageOf(contents, selection);
        if (coverage === 'other') beside.push(...platformsBeside(contents, selection));
        if (coverage !== 'all' || !(await isRight(wanted, { tag: tagRef, contents }, ports, signal))) return;
        held.push({ ...heldOn(target, holding, contents.digest), readable: readableAt(tagRef, contents.digest) });
      } catch (error) {
        const fault = faultOrThrow(error, signal);
        if (isOfSource(error)) throw error;
        unasked.push({ target: target.name, fault });
        recorded.push(heldOn(target, holding, holding.digest ?? ''));
      }
    }),
  );
  const order = targets.map(({ name }) => name);
  held.sort((a, b) => order.indexOf(a.target) - order.indexOf(b.target));
  return { held, unasked, recorded, beside };
}

/** What targets that are not to be asked now are known to have, from the rows alone. */
export function recordedOn(away: readonly Target[], { byTarget, askedAt = Number.NEGATIVE_INFINITY }: Holdings) {
  return away.flatMap((target) => {
    const holding = byTarget.get(target.name);
    const isAsked = holding?.pushedAt !== undefined && askedAt >= holding.pushedAt;
    return holding === undefined || isAsked ? [] : [heldOn(target, holding, holding.digest ?? '')];
  });
}

/**
 * Of the tags that a copy would replace and that the ferry knows nothing about, such as those of an earlier database, the
 * ones that hold every wanted platform: they are left as they are, unless the tag is mutable and its source has moved on.
 *
 * @param replaced tags on targets
 * @throws FerryError
 */
export async function findUnknownHeld(
  { image, source, selection: platforms }: Pick<Wanted, 'image' | 'source' | 'selection'>,
  { sourceDigest, replaced }: { readonly sourceDigest: Digest; readonly replaced: readonly TagRef[] },
  { engine, mutableTags }: HeldPorts,
  signal: AbortSignal,
): Promise<{
  readonly held: readonly (HeldTarget & { readonly isSame: boolean })[];
  readonly beside: readonly Platform[];
}> {
  const held: (HeldTarget & { readonly isSame: boolean })[] = [];
  const beside: Platform[] = [];
  for (const tagRef of replaced) {
    const contents = await engine.look(tagRef, { signal });
    if (contents === undefined) continue;
    const coverage = coverageOf(contents, platforms);
    if (coverage === 'other') beside.push(...platformsBeside(contents, platforms));
    if (coverage !== 'all') continue;
    const isSame = await engine.isSame({ source, sourceDigest, platforms }, { tag: tagRef, contents }, { signal });
    if (!isSame && mayMove(image, mutableTags)) continue;
    const { digest } = contents;
    held.push({
      target: tagRef.target,
      reference: `${tagRef.host}/${tagRef.repository}:${tagRef.tag}`,
      digest,
      readable: readableAt(tagRef, digest),
      sourceDigests: isSame ? [sourceDigest] : [digest],
      isSame,
      ...noteOn(image, contents, platforms, isSame ? undefined : sourceDigest),
    });
  }
  return { held, beside };
}

function noteOn(
  image: string,
  contents: TagContents,
  wanted: PlatformSelection,
  sourceDigest: Digest | undefined,
): { readonly note?: string } {
  const more = platformsBeside(contents, wanted);
  const holds = platformsIn(contents);
  const why = [
    ...(more.length === 0 ? [] : [`its tag holds ${holds}, more than is wanted`]),
    ...(sourceDigest === undefined ? [] : [`it is not what the source has now (${sourceDigest})`]),
  ];
  if (why.length === 0) return {};
  const both =
    more.length === 0 ? '' : `, "ferry add ${image} --platform ${holds.replaceAll(', ', ',')}" wants all of it`;
  return { note: `${why.join('; ')}: it was left as it is; "ferry retry ${image}" replaces it${both}` };
}

/** A mutable tag is to be what its source has now; any other may be what its source had once. */
async function isRight(
  { image, source, selection: platforms }: Wanted,
  found: { readonly tag: TagRef; readonly contents: TagContents },
  { engine, mutableTags }: HeldPorts,
  signal: AbortSignal,
): Promise<boolean> {
  if (!mayMove(image, mutableTags)) return true;
  const sourceDigest = await engine.resolve(source, { signal });
  return await engine.isSame({ source, sourceDigest, platforms }, found, { signal });
}

function mayMove(image: string, { patterns = [] }: HeldPorts['mutableTags']): boolean {
  return isMutable(image, { patterns });
}

function heldOn({ name: target }: Target, holding: Holding, digest: string): HeldTarget {
  const { reference, pushedId, sourceDigests } = holding;
  return {
    target,
    reference,
    digest,
    pushedId,
    sourceDigests: [...sourceDigests, digest].filter((text): text is Digest => isDigest(text)),
  };
}

function isOfSource(error: unknown): boolean {
  return error instanceof Error && 'side' in error && error.side === 'source';
}
