import type { ImagePlan } from '../contract/activity-types.js';
import type { TargetOutcome } from '../domain/wanted-image.js';
import type { KeptTargets, AttemptResult } from './copy-open-targets.js';
import { asCompleted } from './image-outcome.js';

type RowsReadAt = Extract<ImagePlan, { kind: 'planned' | 'left' }>;

interface CompletedTarget {
  readonly outcome: TargetOutcome;
  readonly sourceDigest: string | undefined;
}

/** What the attempts of one image brought to its targets, and from what. */
export class CompletedTargets {
  readonly #deliveries = new Map<string, CompletedTarget>();
  #last: Pick<AttemptResult, 'sourceDigest' | 'missingPlatforms'> = { missingPlatforms: [] };

  /** Of the latest source that an attempt copied: what the targets have of it. */
  get latest(): Pick<AttemptResult, 'done' | 'sourceDigest' | 'missingPlatforms'> {
    return { ...this.#last, done: this.#from(this.#last.sourceDigest) };
  }

  /** Takes note of an attempt. @returns the same, each target that is done told as it was when it was delivered */
  add(attempt: AttemptResult): AttemptResult {
    const { open, sourceDigest } = attempt;
    for (const { destination } of open) this.#deliveries.delete(destination.target);
    if (sourceDigest === undefined) return attempt;
    const done = attempt.done.map((found) => asCompleted(found, this.#deliveries.get(found.target)?.outcome));
    for (const outcome of done) this.#deliveries.set(outcome.target, { outcome, sourceDigest });
    // An attempt that reached no target did not look into the source.
    const isSame = sourceDigest === this.#last.sourceDigest && attempt.missingPlatforms.length === 0;
    const { missingPlatforms } = isSame ? this.#last : attempt;
    this.#last = { sourceDigest, missingPlatforms };
    return { ...attempt, done, missingPlatforms };
  }

  /**
   * Targets of a plan that have what it would bring, where a look could not tell: they are away by now, or are behind a
   * Docker daemon, or it relies on nothing that they have. None once the source has moved. Where a plan found a target
   * lacking it, that is what counts.
   */
  keptIn(plan: RowsReadAt): KeptTargets {
    const known = this.#last.sourceDigest;
    if (known === undefined) return { outcomes: [] };
    const [sourceDigest = known, open] = plan.kind === 'planned' ? [plan.sourceDigest, plan.open] : [known, []];
    const isLookedAt = plan.kind === 'planned' && plan.force !== true;
    const unseen = new Set([
      ...open.flatMap(({ destination, fault }) =>
        isLookedAt && fault === undefined && destination.engine === undefined ? [] : [destination.target],
      ),
      ...plan.left.flatMap(({ target, fault }) => (fault.code === 'target-tag-taken' ? [] : [target])),
    ]);
    const outcomes = this.#from(sourceDigest).filter(({ target }) => unseen.has(target));
    return outcomes.length === 0 ? { outcomes } : { outcomes, sourceDigest };
  }

  #from(sourceDigest: string | undefined): readonly TargetOutcome[] {
    return [...this.#deliveries.values()].flatMap((one) => (one.sourceDigest === sourceDigest ? [one.outcome] : []));
  }
}
