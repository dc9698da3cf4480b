import type { CopyPlan, CopyRequest, CopyTarget, TargetFailure } from './copy-types.js';
import { RegistryError } from './errors.js';
import { ManifestReader } from './manifests/manifest-reader.js';
import type { ReadManifest } from './manifests/manifest-reader.js';
import type { ConfigPlatform } from './oci/config-platform.js';
import type { Digest } from './oci/digest.js';
import { platformMatches } from './oci/platform.js';
import type { Platform } from './oci/platform.js';
import type { ChildDescriptor } from './oci/source-manifest.js';
import { PlatformMissing, aboutOf, composeTag } from './oci/tag-composition.js';
import type { CompositionRequest } from './oci/tag-composition.js';
import { prepareTarget, readTargetTag, referenceOf } from './prepare-target.js';
import type { PreparedTarget, TargetPreparation, TargetTag } from './prepare-target.js';
import { ReferrerFinder } from './referrers/referrer-finder.js';
import type { RegistryClient } from './registry-client.js';
import type { RepositoryRef } from './repository-ref.js';
import { resolveSource, sourceRepo } from './resolve-source.js';
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
 * @throws RegistryError for a fault of the source
 */
export async function withPreparedCopy<T>(
  client: RegistryClient,
  request: CopyRequest,
  signal: AbortSignal,
  work: (prepared: PreparedCopy) => T | Promise<T>,
): Promise<T> {
  const { host, repository } = sourceRepo(request);
  const prepare = async (budget: ImageBudget): Promise<T> =>
    await work(await prepareCopy(client, request, { budget, signal }));
  return await client.bodies.forImage(`${host}/${repository}`, signal, prepare);
}

interface Bounds {
  readonly budget: ImageBudget;
  readonly signal: AbortSignal;
}

async function prepareCopy(client: RegistryClient, request: CopyRequest, bounds: Bounds): Promise<PreparedCopy> {
  const { signal } = bounds;
  const source = sourceRepo(request);
  const [sourceDigest, tags] = await lookAtBothSides(client, request, signal);
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
        sourceDigest,
        tags: moved,
        holders: holdersOf(reachable),
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

/** If equal tags are trusted, the source comes first: targets then only report if they have the same digest. */
async function lookAtBothSides(
  client: RegistryClient,
  request: CopyRequest,
  signal: AbortSignal,
): Promise<readonly [Digest, readonly TargetTag[]]> {
  const source = resolveSource(client, request, signal);
  const likely = request.trustEqualTags === true ? (await source).head : undefined;
  const targets = request.targets.map((target) => readTargetTag(client, target, { likely, signal }));
  const [{ digest }, tags] = await Promise.all([source, Promise.all(targets)]);
  return [digest, tags];
}

interface MovedCopy extends Bounds {
  readonly request: CopyRequest;
  readonly source: RepositoryRef;
  readonly sourceDigest: Digest;
  /** Targets that must be examined. */
  readonly tags: readonly TargetTag[];
  /** Which targets have which manifest at their tag. */
  readonly holders: ReadonlyMap<Digest, readonly RepositoryRef[]>;
}

async function prepareMoved(
  client: RegistryClient,
  { request, source, sourceDigest, tags, holders, budget, signal }: MovedCopy,
): Promise<Omit<CopyPlan, 'sourceDigest' | 'targets'> & { readonly targets: readonly PreparedTarget[] }> {
  const { tag } = request.source;
  const reader = new ManifestReader(client, source, { root: sourceDigest, tag, holders, budget, signal });
  const root = await reader.read(sourceDigest);
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
        const preparation = { tag, reader, finder, root, composition, overall, force: request.force === true, signal };
        targets.push(await prepareTarget(client, preparation));
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

function failed(target: CopyTarget, failure: RegistryError): TargetFailure {
  return { target: target.name, reference: referenceOf(target), failure };
}

function holdersOf(tags: readonly TargetTag[]): ReadonlyMap<Digest, readonly RepositoryRef[]> {
  const holders = new Map<Digest, RepositoryRef[]>();
  for (const { repo, current } of tags) {
    if (current !== undefined) holders.set(current, [...(holders.get(current) ?? []), repo]);
  }
  return holders;
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
