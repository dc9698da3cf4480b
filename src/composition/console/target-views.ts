import { parseImageReference } from '@image-ferry/registry/reference';

import { errorMessage } from '../../domain/error-message.js';
import { targetRepositoryCandidates } from '../../domain/target-name.js';
import { knownQuota } from '../../domain/target-quota.js';
import { targetTag } from '../../domain/target-tag.js';
import type { Target } from '../../domain/target.js';
import { kept } from '../../server/v1/brief-cache.js';
import type { TargetViews } from '../../server/v1/targets-routes.js';
import type { StatusDatabase } from '../status-database.js';

type View = Awaited<ReturnType<TargetViews['list']>>[number];
type Finding = Awaited<ReturnType<TargetViews['check']>>;

export interface TargetViewsOptions {
  readonly targets: readonly Target[];
  readonly database: StatusDatabase;
  /** Checks one target now, as `ferry doctor` does. */
  readonly check: (target: Target) => Promise<Omit<Finding, 'checkedAt'>>;
}

/** Counting what a target lacks reads all images. */
const countedForMs = 5_000;
const checkedForMs = 5 * 60_000;

const examples = ['docker.io/library/nginx:1.27', 'ghcr.io/org/team/app:v2', 'registry.k8s.io/pause:3.10'] as const;

/** The targets with the findings of this process: each is checked while users look at it, and on request. */
export function createTargetViews({ targets, database, check }: TargetViewsOptions): TargetViews {
  const findings = new Map<string, Finding>();
  const inProgress = new Map<string, Promise<Finding>>();
  const recorded = new Map(
    targets.map((target) => [
      target.name,
      kept(countedForMs, async () => await database.read(async ({ overview }) => await overview.target(target))),
    ]),
  );
  return {
    names: targets.map(({ name }) => name),
    list: async () => await Promise.all(targets.map(async (target) => await view(target))),
    check: async (name) => {
      const target = targets.find((one) => one.name === name);
      if (target === undefined) throw new Error(`unknown target ${name}`);
      return await checkOnce(target);
    },
  };

  async function checkOnce(target: Target): Promise<Finding> {
    const { name } = target;
    const running = inProgress.get(name) ?? check(target).then((found) => ({ ...found, checkedAt: Date.now() }));
    inProgress.set(name, running);
    try {
      const finding = await running;
      findings.set(name, finding);
      return finding;
    } finally {
      inProgress.delete(name);
    }
  }

  async function view(target: Target): Promise<View> {
    const { name, registry, namespace, naming, manifestPolicy, referrers = false, engine, explicitNames } = target;
    const finding = findings.get(name);
    // The next look shows it.
    if (finding === undefined || Date.now() - finding.checkedAt > checkedForMs)
      void checkOnce(target).catch(() => undefined);
    const standing = await recorded.get(name)?.();
    if (standing === undefined) throw new Error(`unknown target ${name}`);
    return {
      name,
      registry,
      namespace,
      naming,
      manifestPolicy,
      referrers,
      engine: engine ?? 'registry',
      names: Object.entries(explicitNames).map(([source, repository]) => ({ source, repository })),
      examples: examples.map((image) => exampleOn(target, image)),
      finding,
      quota: knownQuota(registry),
      ...standing,
    };
  }
}

function exampleOn(target: Target, image: string): View['examples'][number] {
  const source = parseImageReference(image);
  try {
    const { preferred } = targetRepositoryCandidates(source, target);
    return { image, reference: `${target.registry}/${preferred}:${targetTag(source, target)}` };
  } catch (error) {
    return { image, fault: errorMessage(error) };
  }
}
