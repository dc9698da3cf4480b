import type { CopyTarget } from '../copy-types.js';
import { RegistryError } from '../errors.js';
import { headManifestAt } from '../manifests/manifest-exchange.js';
import type { ManifestReader } from '../manifests/manifest-reader.js';
import { collectRequired } from '../manifests/required-manifests.js';
import type { RequiredManifest } from '../manifests/required-manifests.js';
import type { Digest } from '../oci/digest.js';
import { ManifestPolicy, ManifestRefusedByPolicy } from '../oci/manifest-policy.js';
import type { DroppedManifest } from '../oci/manifest-policy.js';
import { isArtifactManifest } from '../oci/source-manifest.js';
import type { RegistryClient } from '../registry-client.js';
import type { RepositoryRef } from '../repository-ref.js';
import { listReferrers } from './list-referrers.js';
import type { ReferrerFinder } from './referrer-finder.js';

/** The signature of an SBOM of an image is the third level; a circle is impossible, since no digest contains itself. */
const maxLevels = 4;
const maxReferrers = 200;

export interface RequiredTag {
  readonly tag: string;
  readonly manifest: RequiredManifest;
}

/** What is copied to one target along with an image. */
export interface RequiredReferrers {
  /** In the order in which they are put: a subject before what refers to it. */
  readonly manifests: readonly RequiredManifest[];
  /** By their subject, those that the target does not list yet. */
  readonly unlisted: ReadonlyMap<Digest, readonly RequiredManifest[]>;
  /** Cosign's tags that point elsewhere at the target, or are missing there. */
  readonly tags: readonly RequiredTag[];
  /** The number of all of them, there already or not. */
  readonly count: number;
  readonly dropped: readonly DroppedManifest[];
}

export const noReferrers: RequiredReferrers = { manifests: [], unlisted: new Map(), tags: [], count: 0, dropped: [] };

export interface ReferrerSearch {
  readonly finder: ReferrerFinder;
  readonly reader: ManifestReader;
  readonly target: CopyTarget;
  readonly repo: RepositoryRef;
  /** The image's own manifests. */
  readonly subjects: readonly Digest[];
  readonly signal: AbortSignal;
}

/**
 * Finds everything that refers to an image, and to what refers to it, as far as the target's manifest policy allows it,
 * and what of it the target lacks.
 *
 * @throws RegistryError of the source or of the target, ManifestRefusedByPolicy
 */
export async function requiredReferrers(client: RegistryClient, search: ReferrerSearch): Promise<RequiredReferrers> {
  const found = await followReferrers(search);
  const { repo, signal } = search;
  const unlisted = new Map<Digest, readonly RequiredManifest[]>();
  for (const [subject, referrers] of found.bySubject) {
    const listed = new Set(await listReferrers(client, repo, subject, { signal }));
    const missing = referrers.filter(({ content }) => !listed.has(content.digest));
    if (missing.length > 0) unlisted.set(subject, missing);
  }
  const tags: RequiredTag[] = [];
  for (const required of found.tags) {
    const there = await headManifestAt(client, repo, required.tag, { deniedIsAbsent: true, signal });
    if (there?.digest !== required.manifest.content.digest) tags.push(required);
  }
  const manifests = [...found.required.values()];
  const dropped = [...found.dropped, ...[...found.beyond].map(leftOut)];
  return { manifests, unlisted, tags, count: found.taken.size, dropped };
}

interface Following {
  readonly required: Map<Digest, RequiredManifest>;
  readonly taken: Set<Digest>;
  /** Requested from the source, whether it was there or not. */
  readonly tried: Set<Digest>;
  readonly bySubject: Map<Digest, RequiredManifest[]>;
  readonly tags: RequiredTag[];
  readonly dropped: DroppedManifest[];
  /** By their subject, reported together: a source may list any number. */
  readonly beyond: Map<Digest, Beyond>;
}

/** Referrers that exceed a limit. */
interface Beyond {
  readonly first: Digest;
  readonly count: number;
  readonly fault: string;
}

/** Level by level, so that a subject always comes before what refers to it. */
async function followReferrers(search: ReferrerSearch): Promise<Following> {
  const following: Following = {
    required: new Map(),
    taken: new Set(),
    tried: new Set(),
    bySubject: new Map(),
    tags: [],
    dropped: [],
    beyond: new Map(),
  };
  const looked = new Set<Digest>();
  let level = [...search.subjects];
  for (let depth = 1; level.length > 0; depth++) {
    const next: Digest[] = [];
    const found = await Promise.all(level.map(async (subject) => ({ subject, ...(await search.finder.of(subject)) })));
    for (const subject of level) looked.add(subject);
    for (const { subject, referrers, cosignTags } of found) {
      for (const digest of referrers) {
        const manifest = await take(search, following, { digest, subject, depth });
        if (manifest === undefined) continue;
        following.bySubject.set(subject, [...(following.bySubject.get(subject) ?? []), manifest]);
        next.push(digest);
      }
      for (const { tag, digest } of cosignTags) {
        const manifest = await take(search, following, { digest, subject, depth });
        if (manifest === undefined) continue;
        following.tags.push({ tag, manifest });
        next.push(digest);
      }
    }
    level = [...new Set(next)].filter((digest) => !looked.has(digest));
  }
  return following;
}

/** @returns undefined if it is left out, with the reason among `dropped` */
async function take(
  search: ReferrerSearch,
  { required, taken, tried, dropped, beyond }: Following,
  { digest, subject, depth }: { readonly digest: Digest; readonly subject: Digest; readonly depth: number },
): Promise<RequiredManifest | undefined> {
  const known = required.get(digest);
  if (known !== undefined) return known;
  const fault = outOfBounds(tried.size, depth);
  if (fault !== undefined) {
    const before = beyond.get(subject);
    beyond.set(subject, { first: before?.first ?? digest, count: (before?.count ?? 0) + 1, fault });
    return undefined;
  }
  tried.add(digest);
  const tree = await readTree(search, digest);
  const reason =
    tree === undefined ? 'it cannot be read at the source, which lists it' : await refusal(search, digest, tree);
  if (tree === undefined || reason !== undefined) {
    dropped.push({ digest, reason: `it refers to ${subject}, but ${reason}` });
    return undefined;
  }
  for (const [each, manifest] of tree) required.set(each, manifest);
  taken.add(digest);
  return tree.get(digest);
}

function leftOut([subject, { first, count, fault }]: readonly [Digest, Beyond]): DroppedManifest {
  const said = count === 1 ? 'it refers' : `it and ${count - 1} more refer`;
  return { digest: first, reason: `${said} to ${subject}, but ${fault}` };
}

function outOfBounds(count: number, depth: number): string | undefined {
  if (depth > maxLevels) return `only ${maxLevels} levels of referrers go with an image`;
  return count >= maxReferrers ? `only ${maxReferrers} referrers go with an image` : undefined;
}

/** Lists of referrers may name what was deleted since: only that entry is lost. */
async function readTree(
  { reader }: ReferrerSearch,
  digest: Digest,
): Promise<ReadonlyMap<Digest, RequiredManifest> | undefined> {
  const tree = new Map<Digest, RequiredManifest>();
  try {
    await collectRequired(reader, digest, tree);
    return tree;
  } catch (error) {
    if (error instanceof RegistryError && (error.code === 'source-corrupt' || error.code === 'manifest-unsupported')) {
      return undefined;
    }
    throw error;
  }
}

async function refusal(
  { reader, target }: ReferrerSearch,
  digest: Digest,
  tree: ReadonlyMap<Digest, RequiredManifest>,
): Promise<string | undefined> {
  if (target.manifestPolicy === ManifestPolicy.keep) return undefined;
  if (!(await hasArtifact(reader, [...tree.keys()]))) return undefined;
  if (target.manifestPolicy === ManifestPolicy.drop) return `target ${target.name} refuses manifests of its form`;
  throw new ManifestRefusedByPolicy(
    `${reader.nameOf(digest)} refers to the image in a form that target ${target.name} refuses, and its manifest policy is "fail": set it to "drop" to leave it out, or copy without referrers`,
  );
}

async function hasArtifact(reader: ManifestReader, digests: readonly Digest[]): Promise<boolean> {
  for (const digest of digests) if (isArtifactManifest((await reader.read(digest)).manifest.json)) return true;
  return false;
}
