/** The copies of one attempt of an image: the ferry's own engine and Docker daemons side by side. */

import type { CopiedTargets, Destination, Fault } from '../contract/activity-types.js';
import { copiedTargets, copyInput } from '../contract/recorded-image.js';
import type { CopyPlan } from '../contract/recorded-image.js';
import type { TargetOutcome } from '../domain/wanted-image.js';
import { copying } from './activity-proxies.js';
import { copyByDocker } from './copy-by-docker.js';
import { showDetails } from './show-details.js';

export interface AttemptResult extends CopiedTargets {
  /** Why a Docker daemon could not pull the image, if only daemons access the source. */
  readonly stoppedBy?: Fault | undefined;
}

/** Targets that got the image in an earlier attempt and cannot be checked: they need nothing more. */
export interface KeptTargets {
  readonly outcomes: readonly TargetOutcome[];
  /** The digest that they have: the other targets get the same. */
  readonly sourceDigest?: string | undefined;
}

export async function copyOpenTargets(image: string, plan: CopyPlan, kept: KeptTargets): Promise<AttemptResult> {
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
            copyInput(image, plan, { sourceDigest, destinations: direct }),
          ]),
        ]),
    ...(byDocker.length === 0
      ? []
      : [copyByDocker({ image, platforms, destinations: byDocker, sourceDigest }, summaryOf(image, byDocker))]),
  ]);
  const isUnseen = plan.sourceDigest === undefined && kept.outcomes.length === 0;
  const stoppedBy = isUnseen ? results.find(({ done }) => done.length === 0)?.sourceFault : undefined;
  return { ...copiedTargets(plan, { retrying, known: kept }, results), stoppedBy };
}

export function isKept({ target }: { readonly target: string }, { outcomes }: KeptTargets): boolean {
  return outcomes.some((outcome) => outcome.target === target);
}

function summaryOf(image: string, destinations: readonly Destination[]): string {
  return `${image} → ${destinations.map(({ target }) => target).join(', ')}`.slice(0, 200);
}
