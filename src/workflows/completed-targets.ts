import type { ImagePlan } from '../contract/activity-types.js';
import { asCompleted } from '../contract/image-outcome.js';
import type { TargetOutcome } from '../domain/wanted-image.js';
import type { KeptTargets, AttemptResult } from './copy-open-targets.js';

type RowsReadAt = Extract<ImagePlan, { kind: 'planned' | 'left' }>;

interface CompletedTarget {
  readonly outcome: TargetOutcome;
  readonly sourceDigest: string | undefined;
}

/** What the attempts of one image copied to its targets, and from which source digest. */
export class CompletedTargets {
  readonly #completed = new Map<string, CompletedTarget>();
  #last: Pick<AttemptResult, 'sourceDigest' | 'missingPlatforms'> = { missingPlatforms: [] };

  /** What the targets have of the latest source digest that an attempt copied. */
  get latest(): Pick<AttemptResult, 'done' | 'sourceDigest' | 'missingPlatforms'> {
    return { ...this.#last, done: this.#from(this.#last.sourceDigest) };
  }

  /** Records an attempt. @returns the attempt, with each completed target as reported by the attempt that copied it */
  add(attempt: AttemptResult): AttemptResult {
    const { open, sourceDigest } = attempt;
    for (const { destination } of open) this.#completed.delete(destination.target);
    if (sourceDigest === undefined) return attempt;
    const done = attempt.done.map((found) => asCompleted(found, this.#completed.get(found.target)?.outcome));
    for (const outcome of done) this.#completed.set(outcome.target, { outcome, sourceDigest });
    // An attempt that reached no target did not read the source.
    const isSame = sourceDigest === this.#last.sourceDigest && attempt.missingPlatforms.length === 0;
    const { missingPlatforms } = isSame ? this.#last : attempt;
    this.#last = { sourceDigest, missingPlatforms };
    return { ...attempt, done, missingPlatforms };
  }

  /**
   * Targets of a plan that already have its content from an earlier attempt but cannot be checked: they are unavailable now,
   * are copied to by a Docker daemon, or the plan copies everything again. Empty once the source has moved. If the plan
   * found that a target lacks the content, the plan takes precedence.
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
    return [...this.#completed.values()].flatMap((one) => (one.sourceDigest === sourceDigest ? [one.outcome] : []));
  }
}
