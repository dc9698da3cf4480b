import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

import { RegistryError } from '../errors.js';
import { mayBeFor, oddityOf } from './config-platform.js';
import type { ConfigPlatform } from './config-platform.js';
import type { Digest } from './digest.js';
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
   * Platforms read from configs, by manifest digest: for a source that is a single manifest, and for images of an index
   * that have no platform in the index.
   */
  readonly configs?: ReadonlyMap<Digest, ConfigPlatform>;
  /** Manifests of the index that cannot be read from the source and may be dropped, with the reason. */
  readonly unreadable?: ReadonlyMap<Digest, string>;
  readonly selection: PlatformSelection;
  readonly policy: ManifestPolicy;
  /**
   * Manifests that the target would refuse (`isArtifactManifest`). Callers compose with policy `keep` first and check the
   * `children` without a platform.
   */
  readonly refusedDigests?: ReadonlySet<Digest>;
}

/** What a tag will point to. */
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
  /** Manifests that must be pushed before `root`, in the source's order; empty if `root` is not an index. */
  readonly children: readonly ChildDescriptor[];
  /** Platforms of the tag, canonical, in the source's order; images without a platform are omitted. */
  readonly platforms: readonly { readonly platform: string; readonly digest: Digest }[];
  /** Platforms that the source offers, canonical, in the source's order. */
  readonly offered: readonly string[];
  /** Wanted platforms that the source does not offer, canonical. */
  readonly missing: readonly string[];
  /** Dropped by the manifest policy, or because the source no longer has it. */
  readonly dropped: readonly DroppedManifest[];
  /** A note for the user if the platform could not be compared as usual. */
  readonly note?: string | undefined;
}

/** The source offers none of the wanted platforms. */
export class PlatformMissing extends RegistryError {
  constructor(message: string) {
    super(message, { code: 'platform-missing', decision: 'block' });
  }
}

/**
 * composeTag decides the content of a tag on one target. The same request always gives the same bytes.
 * - One platform: its manifest (an index if several Windows versions match). Several: an index of exactly those in the
 *   source's order, with its media type and all its other fields, and only their attestations. Entries of no platform
 *   (artifacts in the index) are kept. `all`, or a selection of everything: the source byte for byte.
 * - A single image whose config does not determine its platform is copied with a note, since there is nothing to choose.
 *   It is not copied if its config declares another platform.
 * - The manifest policy applies only to manifests that the tag would point to.
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
  const result = { platforms, offered, missing, dropped, note };
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

/** A manifest that a tag may point to; `child` is absent if the source itself is a single manifest. */
interface Offer {
  readonly digest: Digest;
  readonly platform?: Platform | undefined;
  /** Set if its config was read. */
  readonly config?: ConfigPlatform | undefined;
  readonly child?: ChildDescriptor;
  /** For an attestation: the digest of the manifest that it describes. */
  readonly about?: string;
}

function offerOf(child: ChildDescriptor, { configs }: CompositionRequest): Offer {
  const { digest } = child;
  const about = aboutOf(child);
  if (about !== undefined) return { digest, child, about };
  return { child, ...offered(digest, child.platform, configs?.get(digest)) };
}

/** The digest of the manifest that an attestation describes; undefined for all other manifests. */
export function aboutOf({ annotations }: Pick<ChildDescriptor, 'annotations'>): string | undefined {
  const type = annotations['vnd.docker.reference.type'];
  return annotations['vnd.docker.reference.digest'] ?? (type === undefined ? undefined : 'unknown');
}

function ownOffer({ source: { digest }, configs }: CompositionRequest): Offer {
  return offered(digest, undefined, configs?.get(digest));
}

function offered(digest: Digest, named: Platform | undefined, config: ConfigPlatform | undefined): Offer {
  const platform = named ?? config?.platform;
  return { digest, platform, config };
}

interface Choice {
  readonly chosen: readonly Offer[];
  readonly missing: readonly string[];
  /** The choice is the manifest of one platform and needs no index. */
  readonly single: boolean;
  readonly note?: string | undefined;
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
    const note = oddity === undefined ? {} : { note: `${oddity}: it is copied unchanged` };
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
 * openChoice returns the only image of the source if its config does not determine the platform.
 *
 * @returns undefined if there are several images, or if the config declares another platform
 */
function openChoice(offers: readonly Offer[], { source, selection }: CompositionRequest): Choice | undefined {
  const images = offers.filter(({ about }) => about === undefined);
  const [only] = images;
  if (selection === 'all' || only === undefined || images.length > 1) return undefined;
  // An entry of an index is known to be an image only if its config was read.
  const config = only.config ?? (source.kind === 'image' ? { named: {} } : undefined);
  const fitting = config === undefined ? [] : selection.filter((wanted) => mayBeFor(wanted, config));
  const [first, ...more] = fitting;
  if (config === undefined || first === undefined) return undefined;
  const names = fitting.map(printPlatform).join(', ');
  const meant = more.length === 0 ? `for ${names}` : `for one of ${names}`;
  const missing = selection.filter((wanted) => !fitting.includes(wanted)).map(printPlatform);
  return {
    chosen: [only],
    missing: [...new Set(missing)],
    single: true,
    note: `${oddityOf(first, config)}: it is the only image, so it is copied unchanged, ${meant}`,
  };
}

/** An index may list a platform twice (another compression, an artifact); clients use the first image. */
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
    const what = about === undefined ? 'it has no platform' : `it is an attestation of ${about}`;
    return reason === undefined ? [] : [{ digest, reason: `${what} and cannot be read from the source: ${reason}` }];
  });
  return [readable, left];
}

/** Copies every field of the source's index in its order, but with fewer manifests. */
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
  if (names === '') return new PlatformMissing(`${image}: no platform is selected, so there is nothing to copy`);
  const broken = [...unreadable].map(
    ([digest, reason]) => `; its manifest ${digest}, which has no platform in the index, cannot be read: ${reason}`,
  );
  return new PlatformMissing(
    `${image} is not published for ${names}; ${whatIsThere(offers, source)}${broken.join('')}`,
  );
}

function whatIsThere(offers: readonly Offer[], source: SourceManifest): string {
  const names = namesOf(offers).join(', ');
  if (names !== '') return `it offers ${names}`;
  if (source.kind === 'image') return offers[0]?.config?.oddity ?? 'it has no platform';
  if (offers.length === 0) return 'its index is empty: platform "all" copies it unchanged';
  return 'none of its manifests has a platform: request platform "all"';
}
