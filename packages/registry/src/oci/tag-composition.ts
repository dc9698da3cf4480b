import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Digest } from './digest.js';
import { mayBeFor, oddityOf } from './config-platform.js';
import type { ConfigPlatform } from './config-platform.js';
import { FerryError } from '../../../../src/domain/ferry-error.js';
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
   * What configs say of platforms, by manifest digest: for a source that is a single manifest, and for children of an
   * index that are images although the index names no platform for them.
   */
  readonly configs?: ReadonlyMap<Digest, ConfigPlatform>;
  /** Children of the index that cannot be read at the source and may be left out, with the reason. */
  readonly unreadable?: ReadonlyMap<Digest, string>;
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
  /** Left out by the manifest policy, or since the source does not have it any more. */
  readonly dropped: readonly DroppedManifest[];
  /** What a person should know where the platform could not be compared as usual. */
  readonly note?: string;
}

/** None of the wanted platforms is offered by the source. */
export class PlatformMissing extends FerryError {
  constructor(message: string) {
    super(message, { code: 'platform-missing', decision: 'block' });
  }
}

/**
 * Decides what a tag becomes on one target. The same request gives the same bytes, always.
 * - One platform: its manifest (an index where several Windows versions fit). Several: an index of exactly those in the
 *   source's order, with its media type and all its other fields, and the attestations of those alone. What is no
 *   platform's (an artifact in the index) stays. `all`, or a choice that leaves nothing out: the source byte for byte.
 * - A single image whose config leaves its platform open: there is nothing to choose, so it is itself what is wanted, with
 *   a note. One that names another platform is not.
 * - The manifest policy speaks only of what the tag would lead to.
 * @throws PlatformMissing listing what the source offers instead
 * @throws ManifestRefusedByPolicy
 */
export function composeTag(request: CompositionRequest): TagComposition {
  const { source } = request;
  const found = source.kind === 'index' ? source.children.map((child) => offerOf(child, request)) : [ownOffer(request)];
  const offered = namesOf(found);
  const { chosen, missing, single, note } = choose(found, request);
  const [readable, unreadable] = divide(chosen, request);
  const { kept, dropped: refused } = applyManifestPolicy(readable, request);
  const dropped = [...unreadable, ...refused];
  const platforms = kept.flatMap(({ digest, platform }) =>
    platform === undefined ? [] : [{ platform: printPlatform(platform), digest }],
  );
  const result = { platforms, offered, missing, dropped, ...(note === undefined ? {} : { note }) };
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
  /** Where its config was read. */
  readonly config?: ConfigPlatform;
  readonly child?: ChildDescriptor;
  /** What the manifest is about, where it is an attestation: the digest of another child. */
  readonly about?: string;
}

function offerOf(child: ChildDescriptor, { configs }: CompositionRequest): Offer {
  const { digest } = child;
  const about = aboutOf(child);
  if (about !== undefined) return { digest, child, about };
  return { child, ...offered(digest, child.platform, configs?.get(digest)) };
}

/** What an attestation is about; undefined for every other child. */
export function aboutOf({ annotations }: Pick<ChildDescriptor, 'annotations'>): string | undefined {
  const type = annotations['vnd.docker.reference.type'];
  return annotations['vnd.docker.reference.digest'] ?? (type === undefined ? undefined : 'unknown');
}

function ownOffer({ source: { digest }, configs }: CompositionRequest): Offer {
  return offered(digest, undefined, configs?.get(digest));
}

function offered(digest: Digest, named: Platform | undefined, config: ConfigPlatform | undefined): Offer {
  const platform = named ?? config?.platform;
  return { digest, ...(platform === undefined ? {} : { platform }), ...(config === undefined ? {} : { config }) };
}

interface Choice {
  readonly chosen: readonly Offer[];
  readonly missing: readonly string[];
  /** The choice is one platform's manifest, and needs no index around it. */
  readonly single: boolean;
  readonly note?: string;
}

function choose(offers: readonly Offer[], request: CompositionRequest): Choice {
  const { selection } = request;
  if (selection === 'all') return { chosen: offers, missing: [], single: false };

  const fits = (wanted: Platform, offer: Offer): boolean =>
    offer.platform !== undefined && platformMatches(wanted, offer.platform);
  const present = selection.filter((wanted) => offers.some((offer) => fits(wanted, offer)));
  const absent = selection.filter((wanted) => !present.includes(wanted));
  if (present.length === 0) {
    const open = openChoice(offers, request);
    if (open === undefined) throw noPlatform(absent, offers, request);
    return open;
  }
  const missing = [...new Set(absent.map(printPlatform))];

  const matching = offers.filter((offer) => present.some((wanted) => fits(wanted, offer)));
  const different = firstOfEachPlatform(matching);
  const [first] = different;
  if (different.length === 1 && first !== undefined) {
    const oddity = first.config?.oddity;
    const note = oddity === undefined ? {} : { note: `${oddity}: it is copied as it is` };
    return { chosen: different, missing, single: true, ...note };
  }

  const digests = new Set<string>(matching.map(({ digest }) => digest));
  const chosen = offers.filter((offer) => {
    if (offer.about !== undefined) return digests.has(offer.about);
    return offer.platform === undefined || matching.includes(offer);
  });
  return { chosen, missing, single: false };
}

/**
 * The one image that there is, where its config leaves open what it is for: nothing else could be meant.
 *
 * @returns undefined where several could be meant, or its config names another platform
 */
function openChoice(offers: readonly Offer[], { source, selection }: CompositionRequest): Choice | undefined {
  const images = offers.filter(({ about }) => about === undefined);
  const [only] = images;
  if (selection === 'all' || only === undefined || images.length > 1) return undefined;
  // Of an index only what was read is known to be an image.
  const config = only.config ?? (source.kind === 'image' ? { named: {} } : undefined);
  const fitting = config === undefined ? [] : selection.filter((wanted) => mayBeFor(wanted, config));
  const [first, ...more] = fitting;
  if (config === undefined || first === undefined) return undefined;
  const names = fitting.map(printPlatform).join(', ');
  const meant = more.length === 0 ? `for ${names}` : `whichever of ${names} it is for`;
  const missing = selection.filter((wanted) => !fitting.includes(wanted)).map(printPlatform);
  return {
    chosen: [only],
    missing: [...new Set(missing)],
    single: true,
    note: `${oddityOf(first, config)}: there is nothing to choose, so it is copied as it is, ${meant}`,
  };
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

function divide(
  chosen: readonly Offer[],
  { unreadable }: CompositionRequest,
): readonly [readonly Offer[], readonly DroppedManifest[]] {
  const readable = chosen.filter(({ digest }) => unreadable?.has(digest) !== true);
  const left = chosen.flatMap(({ digest, about }) => {
    const reason = unreadable?.get(digest);
    const what = about === undefined ? 'it names no platform' : `it is an attestation about ${about}`;
    return reason === undefined ? [] : [{ digest, reason: `${what}, and cannot be read at the source: ${reason}` }];
  });
  return [readable, left];
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
  { image, source, unreadable = new Map() }: CompositionRequest,
): PlatformMissing {
  const names = wanted.map(printPlatform).join(', ');
  if (names === '') return new PlatformMissing(`${image}: no platform is wanted, so there is nothing to copy`);
  const broken = [...unreadable].map(
    ([digest, reason]) => `; its manifest ${digest}, for which it names no platform, cannot be read: ${reason}`,
  );
  return new PlatformMissing(
    `${image} is not published for ${names}; ${whatIsThere(offers, source)}${broken.join('')}`,
  );
}

function whatIsThere(offers: readonly Offer[], source: SourceManifest): string {
  const names = namesOf(offers).join(', ');
  if (names !== '') return `it offers ${names}`;
  if (source.kind === 'image') return offers[0]?.config?.oddity ?? 'it names no platform';
  if (offers.length === 0) return 'its index lists nothing: platform "all" copies it as it is';
  return 'it names no platform at all: ask for platform "all"';
}
