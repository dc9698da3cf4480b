import { parseImageReference } from '@image-ferry/registry/reference';

import { errorMessage } from '../../domain/error-message.js';
import { targetRepositoryCandidates } from '../../domain/target-name.js';
import { targetTag } from '../../domain/target-tag.js';
import type { Target } from '../../domain/target.js';
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

const examples = ['docker.io/library/nginx:1.27', 'ghcr.io/org/team/app:v2', 'registry.k8s.io/pause:3.10'] as const;

/** The targets with the findings of this process: each is checked at first use, and again on request. */
export function createTargetViews({ targets, database, check }: TargetViewsOptions): TargetViews {
  const findings = new Map<string, Finding>();
  return {
    names: targets.map(({ name }) => name),
    list: async () => await Promise.all(targets.map(async (target) => await view(target))),
    check: async (name) => {
      const target = targets.find((one) => one.name === name);
      if (target === undefined) throw new Error(`unknown target ${name}`);
      const finding = { ...(await check(target)), checkedAt: Date.now() };
      findings.set(name, finding);
      return finding;
    },
  };

  async function view(target: Target): Promise<View> {
    const { name, registry, namespace, naming, manifestPolicy, referrers = false, engine, explicitNames } = target;
    const recorded = await database.read(async ({ overview }) => await overview.target(target));
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
      finding: findings.get(name),
      ...recorded,
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
