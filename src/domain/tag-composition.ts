import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Digest } from './digest.js';
import { FerryError } from './ferry-error.js';
import { applyManifestPolicy } from './manifest-policy.js';
import type { DroppedManifest, ManifestPolicy } from './manifest-policy.js';
import { platformMatches, printPlatform } from './platform.js';
import type { Platform, PlatformSelection } from './platform.js';
import type { ChildDescriptor, SourceManifest } from './source-manifest.js';

export interface CompositionRequest {
  /** For messages: the image, `host/path:tag`. */
  readonly image: string;
  /** For messages: the target's name. */
  readonly target: string;
  readonly source: SourceManifest;
  /**
   * Platforms read from configs, by manifest digest: for a source that is a single manifest, and for children of an
   * index that are images although the index names no platform for them.
   */
  readonly platforms?: ReadonlyMap<Digest, Platform>;
  readonly selection: PlatformSelection;
  readonly policy: ManifestPolicy;
  /**
   * Manifests that the target would refuse (`isArtifactManifest`). Whoever asks composes with policy `keep` first: the
   * `children` without a platform are the ones to look at.
   */
  readonly refusedDigests?: ReadonlySet<Digest>;
}

/** What a tag is to point to. */
type TagRoot =
  /** The source's own manifest, byte for byte. */
  | { readonly kind: 'source'; readonly digest: Digest; readonly mediaType: string }
  /** A manifest of the source's index, byte for byte. */
  | { readonly kind: 'child'; readonly digest: Digest; readonly mediaType: string; readonly size: number }
  /** A new index of some of the source's manifests: `json` is what to push, `size` its bytes. */
  | {
      readonly kind: 'index';
      readonly digest: Digest;
      readonly mediaType: string;
      readonly size: number;
      readonly json: string;
    };

export interface TagComposition {
  readonly root: TagRoot;
  /** Manifests that must be there before `root`, in the source's order; none where `root` is not an index. */
  readonly children: readonly ChildDescriptor[];
  /** Platforms that the tag leads to, canonical, in the source's order; one that names none is left out. */
  readonly platforms: readonly { readonly platform: string; readonly digest: Digest }[];
  /** Platforms that the source offers, canonical, in the source's order. */
  readonly offered: readonly string[];
  /** Wanted platforms that the source does not offer, canonical. */
  readonly missing: readonly string[];
  /** Left out by the manifest policy. */
  readonly dropped: readonly DroppedManifest[];
}

/** None of the wanted platforms is offered by the source. */
export class PlatformMissing extends FerryError {
  constructor(message: string) {
    super(message, { code: 'platform-missing', decision: 'park' });
  }
}

/**
 * Decides what a tag becomes on one target. The same request gives the same bytes, always.
 * - One platform: its manifest (an index where several Windows versions fit). Several: an index of exactly those in the
 *   source's order, with its media type and all its other fields, and the attestations of those alone. What is no
 *   platform's (an artifact in the index) stays. `all`, or a choice that leaves nothing out: the source byte for byte.
 * - The manifest policy speaks only of what the tag would lead to.
 * @throws PlatformMissing listing what the source offers instead
 * @throws ManifestRefusedByPolicy
 */
export function composeTag(request: CompositionRequest): TagComposition {
  const { source } = request;
  const found = source.kind === 'index' ? source.children.map((child) => offerOf(child, request)) : [ownOffer(request)];
  const offered = namesOf(found);
  const { chosen, missing, single } = choose(found, request);
  const { kept, dropped } = applyManifestPolicy(chosen, request);
  const platforms = kept.flatMap(({ digest, platform }) =>
    platform === undefined ? [] : [{ platform: printPlatform(platform), digest }],
  );
  const result = { platforms, offered, missing, dropped };
  const whole = { kind: 'source', digest: source.digest, mediaType: source.mediaType } as const;
  if (source.kind === 'image') return { root: whole, children: [], ...result };

  const [first] = kept;
  if (single && first?.child !== undefined) {
    const { digest, mediaType, size } = first.child;
    return { root: { kind: 'child', digest, mediaType, size }, children: [], ...result };
  }
  const children = kept.flatMap(({ child }) => child ?? []);
  if (children.length === source.children.length) return { root: whole, children, ...result };
  return { root: derivedIndex(source, children), children, ...result };
}

/** A manifest that a tag may lead to; `child` is absent for a source that is itself a single manifest. */
interface Offer {
  readonly digest: Digest;
  readonly platform?: Platform;
  readonly child?: ChildDescriptor;
  /** What the manifest is about, where it is an attestation: the digest of another child. */
  readonly about?: string;
}

function offerOf(child: ChildDescriptor, { platforms }: CompositionRequest): Offer {
  const { digest, annotations } = child;
  const about = annotations['vnd.docker.reference.digest'];
  if (about !== undefined || annotations['vnd.docker.reference.type'] !== undefined) {
    return { digest, child, about: about ?? 'unknown' };
  }
  const platform = child.platform ?? platforms?.get(digest);
  return platform === undefined ? { digest, child } : { digest, child, platform };
}

function ownOffer({ source: { digest }, platforms }: CompositionRequest): Offer {
  const platform = platforms?.get(digest);
  return platform === undefined ? { digest } : { digest, platform };
}

interface Choice {
  readonly chosen: readonly Offer[];
  readonly missing: readonly string[];
  /** The choice is one platform's manifest, and needs no index around it. */
  readonly single: boolean;
}

function choose(offers: readonly Offer[], request: CompositionRequest): Choice {
  const { selection } = request;
  if (selection === 'all') return { chosen: offers, missing: [], single: false };

  const fits = (wanted: Platform, offer: Offer): boolean =>
    offer.platform !== undefined && platformMatches(wanted, offer.platform);
  const present = selection.filter((wanted) => offers.some((offer) => fits(wanted, offer)));
  const absent = selection.filter((wanted) => !present.includes(wanted));
  if (present.length === 0) throw noPlatform(absent, offers, request);
  const missing = [...new Set(absent.map(printPlatform))];

  const matching = offers.filter((offer) => present.some((wanted) => fits(wanted, offer)));
  const different = firstOfEachPlatform(matching);
  if (different.length === 1) return { chosen: different, missing, single: true };

  const digests = new Set<string>(matching.map(({ digest }) => digest));
  const chosen = offers.filter((offer) => {
    if (offer.about !== undefined) return digests.has(offer.about);
    return offer.platform === undefined || matching.includes(offer);
  });
  return { chosen, missing, single: false };
}

/** An index may offer one platform twice (compressed another way, an artifact about it); clients take the first image. */
function firstOfEachPlatform(offers: readonly Offer[]): readonly Offer[] {
  const firsts = new Map<string, Offer>();
  for (const offer of offers) {
    const name = offer.platform === undefined ? '' : printPlatform(offer.platform);
    const known = firsts.get(name);
    const isBetter = known?.child?.artifactType !== undefined && offer.child?.artifactType === undefined;
    if (known === undefined || isBetter) firsts.set(name, offer);
  }
  return [...firsts.values()];
}

/** Every field of the source's index, in its order, but fewer manifests. */
function derivedIndex(source: SourceManifest, children: readonly ChildDescriptor[]): TagRoot {
  const json = JSON.stringify({ ...source.json, manifests: children.map((child) => child.json) });
  const bytes = utf8ToBytes(json);
  const digest: Digest = `sha256:${bytesToHex(sha256(bytes))}`;
  return { kind: 'index', digest, mediaType: source.mediaType, size: bytes.length, json };
}

function namesOf(offers: readonly Offer[]): readonly string[] {
  return [...new Set(offers.flatMap(({ platform }) => (platform === undefined ? [] : [printPlatform(platform)])))];
}

function noPlatform(
  wanted: readonly Platform[],
  offers: readonly Offer[],
  { image }: CompositionRequest,
): PlatformMissing {
  const names = wanted.map(printPlatform).join(', ');
  if (names === '') return new PlatformMissing(`${image}: no platform is wanted, so there is nothing to copy`);
  const offered = namesOf(offers).join(', ');
  if (offered !== '') return new PlatformMissing(`${image} is not published for ${names}; it offers ${offered}`);
  return new PlatformMissing(
    `${image} is not published for ${names}; it names no platform at all: ask for platform "all"`,
  );
}
