import type { Digest } from '../domain/digest.js';
import { FerryError } from '../domain/ferry-error.js';
import type { Platform } from '../domain/platform.js';
import { isArtifactManifest } from '../domain/source-manifest.js';
import { PlatformMissing, composeTag } from '../domain/tag-composition.js';
import type { CompositionRequest, TagComposition } from '../domain/tag-composition.js';
import type { Content } from './content-cache.js';
import type { CopiedPlatform, CopyPlan, CopyRequest, CopyTarget, TargetFailure, TargetPlan } from './copy-types.js';
import { blobsOf } from './image-blobs.js';
import type { Blob } from './image-blobs.js';
import { headManifestAt } from './manifest-exchange.js';
import { ManifestReader } from './manifest-reader.js';
import type { ReadManifest } from './manifest-reader.js';
import type { Place } from './place.js';
import type { RegistryClient } from './registry-client.js';
import { resolveSource, sourcePlace } from './resolve-source.js';

/** Indexes may hold indexes; deeper than this nobody nests, and a loop cannot be (a digest cannot contain itself). */
const MOST_LEVELS = 5;
const MOST_MANIFESTS = 2000;

/** A manifest that a target's tag needs, with the blobs that it needs itself. */
export interface OwedManifest {
  readonly content: Content;
  readonly blobs: readonly Blob[];
}

export interface PreparedTarget {
  readonly target: CopyTarget;
  readonly place: Place;
  readonly plan: TargetPlan;
  /** In the order in which they are put: children before the index that lists them, the tag's own last. */
  readonly manifests: readonly OwedManifest[];
}

export interface PreparedCopy {
  readonly source: Place;
  readonly plan: CopyPlan;
  readonly targets: readonly PreparedTarget[];
}

/** Everything that is decided before a layer moves. @throws FerryError for a fault of the source */
export async function prepareCopy(
  client: RegistryClient,
  request: CopyRequest,
  signal: AbortSignal,
): Promise<PreparedCopy> {
  const source = sourcePlace(request);
  const [sourceDigest, tags] = await Promise.all([
    resolveSource(client, request, signal),
    Promise.all(request.targets.map((target) => readTargetTag(client, target, signal))),
  ]);
  const reachable = tags.filter((tag) => tag.failure === undefined);
  const reader = new ManifestReader(client, source, {
    root: sourceDigest,
    holders: holdersOf(reachable),
    signal,
  });
  const root = await reader.read(sourceDigest);
  const platforms = await readPlatforms(reader, root, request);

  const composition: Pick<CompositionRequest, 'image' | 'source' | 'platforms' | 'selection'> = {
    image: `${source.host}/${source.repository}${request.source.tag === undefined ? '' : `:${request.source.tag}`}`,
    source: root.manifest,
    platforms,
    selection: request.platforms,
  };
  const overall = composeTag({ ...composition, target: '', policy: 'keep' });
  const failures: TargetFailure[] = tags.flatMap(({ target, failure }) =>
    failure === undefined ? [] : [{ target: target.name, reference: referenceOf(target), failure }],
  );
  const targets: PreparedTarget[] = [];
  await Promise.all(
    reachable.map(async (tag) => {
      try {
        targets.push(await prepareTarget(client, { tag, reader, root, composition, overall, platforms, signal }));
      } catch (error) {
        signal.throwIfAborted();
        if (!isOfTarget(error, tag)) throw error;
        failures.push({ target: tag.target.name, reference: referenceOf(tag.target), failure: error });
      }
    }),
  );
  // As they were asked for, not as they happened to be answered.
  const order = new Map(request.targets.map((target, position) => [target.name, position]));
  targets.sort((a, b) => (order.get(a.target.name) ?? 0) - (order.get(b.target.name) ?? 0));
  return {
    source,
    targets,
    plan: {
      sourceDigest,
      sourceMediaType: root.manifest.mediaType,
      missingPlatforms: overall.missing,
      offeredPlatforms: overall.offered,
      targets: targets.map(({ plan }) => plan),
      failures,
    },
  };
}

interface TargetTag {
  readonly target: CopyTarget;
  readonly place: Place;
  /** What the tag leads to now. */
  readonly current?: Digest;
  readonly failure?: FerryError;
}

async function readTargetTag(client: RegistryClient, target: CopyTarget, signal: AbortSignal): Promise<TargetTag> {
  const { name, host, repository, tag } = target;
  const place: Place = { side: 'target', host, repository, name };
  try {
    const options = { deniedIsAbsent: true, attempts: 2, signal };
    const head = await headManifestAt(client, place, tag, options);
    return head === undefined ? { target, place } : { target, place, current: head.digest };
  } catch (failure) {
    signal.throwIfAborted();
    if (!(failure instanceof FerryError)) throw failure;
    return { target, place, failure };
  }
}

function holdersOf(tags: readonly TargetTag[]): ReadonlyMap<Digest, readonly Place[]> {
  const holders = new Map<Digest, Place[]>();
  for (const { place, current } of tags) {
    if (current !== undefined) holders.set(current, [...(holders.get(current) ?? []), place]);
  }
  return holders;
}

/** Platforms that only a config tells: of a single manifest, and of an index's images that the index gives none. */
async function readPlatforms(
  reader: ManifestReader,
  root: ReadManifest,
  request: CopyRequest,
): Promise<ReadonlyMap<Digest, Platform>> {
  const nameless: ReadManifest[] = [];
  if (root.manifest.kind === 'image') nameless.push(root);
  else if (request.platforms !== 'all') {
    const silent = root.manifest.children.filter(
      ({ platform, annotations }) => platform === undefined && annotations['vnd.docker.reference.type'] === undefined,
    );
    nameless.push(...(await Promise.all(silent.map(({ digest }) => reader.read(digest)))));
  }
  const platforms = new Map<Digest, Platform>();
  for (const manifest of nameless) {
    const platform = await reader.platformOf(manifest);
    if (platform !== undefined) platforms.set(manifest.content.digest, platform);
  }
  return platforms;
}

interface TargetPreparation {
  readonly tag: TargetTag;
  readonly reader: ManifestReader;
  readonly root: ReadManifest;
  readonly composition: Pick<CompositionRequest, 'image' | 'source' | 'platforms' | 'selection'>;
  /** With policy `keep`: what there is to decide about. */
  readonly overall: TagComposition;
  readonly platforms: ReadonlyMap<Digest, Platform>;
  readonly signal: AbortSignal;
}

async function prepareTarget(client: RegistryClient, preparation: TargetPreparation): Promise<PreparedTarget> {
  const { tag, reader, root, composition, overall, signal } = preparation;
  const { target, place, current } = tag;
  const policy = target.manifestPolicy;
  const composed =
    policy === 'keep'
      ? overall
      : composeTag({
          ...composition,
          target: target.name,
          policy,
          refusedDigests: await artifactsIn(reader, root, overall),
        });

  const manifests = await owedManifests(reader, root, composed);
  const last = manifests.at(-1);
  if (last === undefined) throw new TypeError('a tag always leads to a manifest');
  const { digest, mediaType } = last.content;
  const alreadyThere = current === digest && (await childrenAreThere(client, place, manifests, signal));
  return {
    target,
    place,
    manifests,
    plan: {
      target: target.name,
      reference: referenceOf(target),
      digest,
      mediaType,
      platforms: copiedPlatforms(composed, manifests, digest),
      alreadyThere,
      ...(current === undefined || current === digest ? {} : { replaces: current }),
      dropped: composed.dropped,
    },
  };
}

/** Manifests that a registry for images alone refuses; only those without a platform come into question. */
async function artifactsIn(
  reader: ManifestReader,
  root: ReadManifest,
  { children }: TagComposition,
): Promise<ReadonlySet<Digest>> {
  const candidates = children.filter(({ platform }) => platform === undefined).map(({ digest }) => digest);
  if (root.manifest.kind === 'image') candidates.push(root.content.digest);
  const read = await Promise.all(candidates.map((digest) => reader.read(digest)));
  const artifacts = read.filter(({ manifest }) => manifest.kind === 'image' && isArtifactManifest(manifest.json));
  return new Set(artifacts.map(({ content }) => content.digest));
}

async function owedManifests(
  reader: ManifestReader,
  root: ReadManifest,
  { root: tagRoot, children }: TagComposition,
): Promise<readonly OwedManifest[]> {
  const owed = new Map<Digest, OwedManifest>();
  for (const child of children) await collect(reader, child.digest, owed, 1);
  if (tagRoot.kind === 'index') {
    const { digest, mediaType, json } = tagRoot;
    owed.set(digest, { content: { digest, mediaType, body: Buffer.from(json, 'utf8') }, blobs: [] });
  } else {
    const { content, manifest } = tagRoot.kind === 'source' ? root : await reader.read(tagRoot.digest);
    if (tagRoot.kind === 'child' && manifest.kind === 'index') await collect(reader, content.digest, owed, 1);
    else owed.set(content.digest, owedManifest(reader, { content, manifest }));
  }
  return [...owed.values()];
}

async function collect(
  reader: ManifestReader,
  digest: Digest,
  owed: Map<Digest, OwedManifest>,
  level: number,
): Promise<void> {
  if (owed.has(digest)) return;
  const read = await reader.read(digest);
  if (level > MOST_LEVELS || owed.size >= MOST_MANIFESTS) {
    throw new FerryError(
      `${reader.nameOf(digest)} is part of an image with more than ${MOST_LEVELS} levels or ${MOST_MANIFESTS} manifests`,
      { code: 'manifest-unsupported', decision: 'park' },
    );
  }
  if (read.manifest.kind === 'index') {
    for (const child of read.manifest.children) await collect(reader, child.digest, owed, level + 1);
  }
  owed.set(digest, owedManifest(reader, read));
}

function owedManifest(reader: ManifestReader, { content, manifest }: ReadManifest): OwedManifest {
  const blobs = manifest.kind === 'index' ? [] : blobsOf(manifest.json, reader.nameOf(content.digest));
  return { content, blobs };
}

async function childrenAreThere(
  client: RegistryClient,
  place: Place,
  manifests: readonly OwedManifest[],
  signal: AbortSignal,
): Promise<boolean> {
  const options = { deniedIsAbsent: true, signal };
  const heads = await Promise.all(
    manifests.slice(0, -1).map(({ content }) => headManifestAt(client, place, content.digest, options)),
  );
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

function referenceOf({ host, repository, tag }: CopyTarget): string {
  return `${host}/${repository}:${tag}`;
}

/** A fault that stops one target only: of that registry, or of its manifest policy. */
function isOfTarget(error: unknown, { place }: TargetTag): error is FerryError {
  if (!(error instanceof FerryError) || error instanceof PlatformMissing) return false;
  if ('side' in error) return error.side === 'target' && 'host' in error && error.host === place.host;
  return error.code === 'manifest-policy';
}
