/** The copies of one attempt of an image: the ferry's own engine and Docker daemons side by side. */

import type { CopyImageResult, Destination, Fault, ImagePlan, OpenTarget } from '../contract/activity-types.js';
import type { TargetOutcome } from '../domain/wanted-image.js';
import { copying } from './activity-proxies.js';
import { copyByDocker } from './copy-by-docker.js';
import { showDetails } from './show-details.js';

type OpenPlan = Extract<ImagePlan, { kind: 'planned' }>;

export interface AttemptResult {
  readonly done: readonly TargetOutcome[];
  readonly open: readonly OpenTarget[];
  readonly bytesRead: number;
  readonly sourceDigest?: string | undefined;
  readonly missingPlatforms: readonly string[];
  /** Why a Docker daemon could not pull the image, if only daemons access the source. */
  readonly stoppedBy?: Fault | undefined;
}

/** Targets that got the image in an earlier attempt and cannot be checked: they need nothing more. */
export interface KeptTargets {
  readonly outcomes: readonly TargetOutcome[];
  /** The digest that they have: the other targets get the same. */
  readonly sourceDigest?: string | undefined;
}

export async function copyOpenTargets(image: string, plan: OpenPlan, kept: KeptTargets): Promise<AttemptResult> {
  const { platforms } = plan;
  const sourceDigest = plan.sourceDigest ?? kept.sourceDigest;
  const open = plan.open.filter(({ destination }) => !isKept(destination, kept));
  const retrying = open.filter(({ fault }) => fault !== undefined);
  const untried = open.filter(({ fault }) => fault === undefined).map(({ destination }) => destination);
  const direct = untried.filter(({ engine }) => engine === undefined);
  const byDocker = untried.filter(({ engine }) => engine === 'docker');
  const names = [...direct, ...byDocker].map(({ target }) => target).join(', ');
  if (names !== '') showDetails(`Copying ${image} to ${names}`);

  const results = await Promise.all([
    ...(direct.length === 0 || sourceDigest === undefined
      ? []
      : [
          copying.copyImage.executeWithOptions({ summary: summaryOf(image, direct) }, [
            {
              image,
              sourceDigest,
              platforms,
              destinations: direct,
              ...(plan.force === true ? { force: true } : {}),
              from: plan.from,
            },
          ]),
        ]),
    ...(byDocker.length === 0
      ? []
      : [copyByDocker({ image, platforms, destinations: byDocker, sourceDigest }, summaryOf(image, byDocker))]),
  ]);
  return summedUp(plan, retrying, kept, results);
}

export function isKept({ target }: { readonly target: string }, { outcomes }: KeptTargets): boolean {
  return outcomes.some((outcome) => outcome.target === target);
}

function summedUp(
  plan: OpenPlan,
  retrying: readonly OpenTarget[],
  kept: KeptTargets,
  results: readonly CopyImageResult[],
): AttemptResult {
  const found = results.find((result) => result.sourceDigest !== undefined)?.sourceDigest;
  const sourceDigest = plan.sourceDigest ?? kept.sourceDigest ?? found;
  const missing = [...plan.missingPlatforms, ...results.flatMap(({ missingPlatforms = [] }) => missingPlatforms)];
  const isUnseen = plan.sourceDigest === undefined && kept.outcomes.length === 0;
  const stoppedBy = isUnseen ? results.find(({ done }) => done.length === 0)?.sourceFault : undefined;
  return {
    done: [...plan.done, ...kept.outcomes, ...results.flatMap(({ done }) => done)],
    open: [...retrying, ...results.flatMap(openAfter)],
    bytesRead: results.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    missingPlatforms: [...new Set(missing)],
    sourceDigest,
    stoppedBy,
  };
}

/** Open targets without a fault of their own wait for the source. */
function openAfter({ open, sourceFault }: CopyImageResult): readonly OpenTarget[] {
  if (sourceFault === undefined) return open;
  return open.map((target) => (target.fault === undefined ? { ...target, fault: sourceFault } : target));
}

function summaryOf(image: string, destinations: readonly Destination[]): string {
  return `${image} → ${destinations.map(({ target }) => target).join(', ')}`.slice(0, 200);
}
