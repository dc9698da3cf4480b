import { blobsOf } from './blobs/image-blobs.js';
import type { Blob } from './blobs/image-blobs.js';
import { lookAtBothSides } from './both-sides.js';
import type { Bounds } from './both-sides.js';
import type { CopyPlan, CopyRequest, CopyTarget, TargetFailure } from './copy-types.js';
import { RegistryError } from './errors.js';
import type { ManifestReader, ReadManifest } from './manifests/manifest-reader.js';
import type { ConfigPlatform } from './oci/config-platform.js';
import type { Digest } from './oci/digest.js';
import { platformMatches } from './oci/platform.js';
import type { Platform } from './oci/platform.js';
import type { JsonObject } from './oci/source-manifest.js';
import type { ChildDescriptor } from './oci/source-manifest.js';
import { PlatformMissing, aboutOf, composeTag } from './oci/tag-composition.js';
import type { CompositionRequest } from './oci/tag-composition.js';
import { prepareTarget, referenceOf } from './prepare-target.js';
import type { PreparedTarget, TargetPreparation, TargetTag } from './prepare-target.js';
import { ReferrerFinder } from './referrers/referrer-finder.js';
import type { RegistryClient } from './registry-client.js';
import type { RepositoryRef } from './repository-ref.js';
import { sourceRepo } from './resolve-source.js';
import type { ImageBudget } from './transport/body-budget.js';
import { unchangedTarget } from './unchanged-target.js';

export interface PreparedCopy {
  readonly source: RepositoryRef;
  readonly plan: CopyPlan;
  readonly targets: readonly PreparedTarget[];
}

/**
 * Runs a copy or a plan within an image's memory limit, after deciding everything that can be decided before a layer
 * moves.
 *
 * @param options.copies whether a copy follows: then connections are opened, and targets asked, as early as possible
 * @throws RegistryError for a fault of the source
 */
export async function withPreparedCopy<T>(
  client: RegistryClient,
  request: CopyRequest,
  { copies, signal }: { readonly copies: boolean; readonly signal: AbortSignal },
  work: (prepared: PreparedCopy) => T | Promise<T>,
): Promise<T> {
  const { host, repository } = sourceRepo(request);
  const prepare = async (budget: ImageBudget): Promise<T> =>
    await work(await prepareCopy(client, request, { copies, budget, signal }));
  return await client.bodies.forImage(`${host}/${repository}`, signal, prepare);
}

async function prepareCopy(client: RegistryClient, request: CopyRequest, bounds: Bounds): Promise<PreparedCopy> {
  const source = sourceRepo(request);
  const { sourceDigest, reader, tags } = await lookAtBothSides(client, request, bounds);
  const away = tags.flatMap(({ target, failure }) => (failure === undefined ? [] : [failed(target, failure)]));
  const reachable = tags.filter(({ failure }) => failure === undefined);
  const settled = reachable.flatMap((tag) => unchangedTarget(tag, sourceDigest, request) ?? []);
  const moved = reachable.filter(({ target }) => !settled.some((one) => one.target === target));
  // If no target can accept anything, reading the source would only cost a pull.
  const isOver = moved.length === 0 && request.targets.length > 0;
  const decided = isOver
    ? { targets: [], failures: [], missingPlatforms: settled[0]?.target.known?.missingPlatforms ?? [] }
    : await prepareMoved(client, {
        request,
        source,
        reader,
        sourceDigest,
        tags: moved,
        ...bounds,
      });

  // In the order of the request, not of the answers.
  const order = new Map(request.targets.map((target, position) => [target.name, position]));
  const position = ({ target }: PreparedTarget): number => order.get(target.name) ?? 0;
  const targets = [...settled, ...decided.targets].sort((a, b) => position(a) - position(b));
  const plan = {
    ...decided,
    sourceDigest,
    targets: targets.map((one) => one.plan),
    failures: [...away, ...decided.failures],
  };
  return { source, targets, plan };
}

interface MovedCopy extends Bounds {
  readonly request: CopyRequest;
  readonly source: RepositoryRef;
  readonly reader: ManifestReader;
  readonly sourceDigest: Digest;
  /** Targets that must be examined. */
  readonly tags: readonly TargetTag[];
}

async function prepareMoved(
  client: RegistryClient,
  { request, source, reader, sourceDigest, tags, copies, budget, signal }: MovedCopy,
): Promise<Omit<CopyPlan, 'sourceDigest' | 'targets'> & { readonly targets: readonly PreparedTarget[] }> {
  const root = await reader.read(sourceDigest);
  if (copies) askAhead(root, tags, request.force === true);
  const composition: TargetPreparation['composition'] = {
    image: `${source.host}/${source.repository}${request.source.tag === undefined ? '' : `:${request.source.tag}`}`,
    source: root.manifest,
    selection: request.platforms,
    ...(await readConfigs(reader, root, request)),
  };
  const overall = composeTag({ ...composition, target: '', policy: 'keep' });
  const finder = new ReferrerFinder(client, source, { budget, signal });
  const failures: TargetFailure[] = [];
  const targets: PreparedTarget[] = [];
  await Promise.all(
    tags.map(async (tag) => {
      try {
        const force = request.force === true;
        const shared = { reader, finder, root, composition, overall, force, looksAhead: copies, signal };
        targets.push(await prepareTarget(client, { tag, ...shared }));
      } catch (error) {
        signal.throwIfAborted();
        if (!isOfTarget(error, tag)) throw error;
        failures.push(failed(tag.target, error));
      }
    }),
  );
  return {
    targets,
    failures,
    sourceMediaType: root.manifest.mediaType,
    missingPlatforms: overall.missing,
    offeredPlatforms: overall.offered,
  };
}

/** A single image is copied as it is: its manifest and its blobs are looked for while its config is read. */
function askAhead({ content, manifest }: ReadManifest, tags: readonly TargetTag[], force: boolean): void {
  if (manifest.kind === 'index') return;
  const manifests = force ? [] : [content.digest];
  const blobs = blobsIfReadable(manifest.json, content.digest);
  for (const { looks, current } of tags) if (force || current !== content.digest) looks.begin({ manifests, blobs });
}

/** What is wrong with a manifest is reported by those who need it. */
function blobsIfReadable(json: JsonObject, name: string): readonly Blob[] {
  try {
    return blobsOf(json, name);
  } catch (error) {
    if (error instanceof RegistryError) return [];
    throw error;
  }
}

function failed(target: CopyTarget, failure: RegistryError): TargetFailure {
  return { target: target.name, reference: referenceOf(target), failure };
}

/**
 * Platforms that only a config names: of a single manifest, and of an index's images without a platform in the index.
 * An unreadable image of an index counts as none of the platforms that the index names.
 */
export async function readConfigs(
  reader: ManifestReader,
  root: ReadManifest,
  request: Pick<CopyRequest, 'platforms'>,
): Promise<Required<Pick<CompositionRequest, 'configs' | 'unreadable'>>> {
  const configs = new Map<Digest, ConfigPlatform>();
  const unreadable = new Map<Digest, string>();
  const anyType = request.platforms !== 'all';
  if (root.manifest.kind === 'image') {
    const config = await reader.configPlatformOf(root, { anyType });
    if (config !== undefined) configs.set(root.content.digest, config);
    return { configs, unreadable };
  }
  if (request.platforms === 'all' || isNamed(root.manifest.children, request.platforms)) return { configs, unreadable };
  const silent = root.manifest.children.filter((child) => child.platform === undefined && aboutOf(child) === undefined);
  const digests = silent.map(({ digest }) => digest);
  await reader.expect(silent);
  await reader.readAll(digests, { ifThere: true });
  for (const digest of digests) {
    const config = await reader.configPlatformIfThere(digest);
    if (config !== undefined && 'reason' in config) unreadable.set(digest, config.reason);
    else if (config !== undefined) configs.set(digest, config);
  }
  return { configs, unreadable };
}

/** The index names the one wanted platform: the rest does not matter. */
function isNamed(children: readonly ChildDescriptor[], wanted: readonly Platform[]): boolean {
  const [only, ...more] = wanted;
  if (only === undefined || more.length > 0) return false;
  return children.some(({ platform }) => platform !== undefined && platformMatches(only, platform));
}

/** A fault that stops one target only: of that registry, or of its manifest policy. */
function isOfTarget(error: unknown, { repo }: TargetTag): error is RegistryError {
  if (!(error instanceof RegistryError) || error instanceof PlatformMissing) return false;
  if ('side' in error) return error.side === 'target' && 'host' in error && error.host === repo.host;
  return error.code === 'manifest-policy';
}
