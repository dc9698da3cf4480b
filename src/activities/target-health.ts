import type { Fault, LeftTarget, OpenTarget } from '../contract/activity-types.js';
import type { Target } from '../domain/target.js';

/** So long nobody asks a target again that stayed away through all rounds of an image. */
const restMs = 60_000;

/**
 * Which targets are known to be away. One that is down would hold every image of a pass for all its rounds: after the
 * first image has found out, the others leave it to the next pass at once, and look again now and then.
 */
export class TargetHealth {
  readonly #away = new Map<string, { readonly fault: Fault; readonly until: number }>();
  readonly #now: () => number;

  /** @param now milliseconds of a monotonic clock: the other one may be set back by hours */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Why not to ask a target now; undefined when it should be asked. */
  reasonToLeave(target: string): Fault | undefined {
    const known = this.#away.get(target);
    if (known === undefined || this.#now() >= known.until) return undefined;
    return { ...known.fault, again: 'next-pass' };
  }

  /** Those that should be asked, and those that should not, with the reason. */
  divide(targets: readonly Target[]): readonly [asked: readonly Target[], left: readonly LeftTarget[]] {
    const left = targets.flatMap(({ name }) => {
      const fault = this.reasonToLeave(name);
      return fault === undefined ? [] : [{ target: name, fault }];
    });
    return [targets.filter(({ name }) => !left.some(({ target }) => target === name)), left];
  }

  /** Takes note of how the last round of an image went on the targets that were asked. */
  noteAll(asked: readonly Target[], failed: readonly OpenTarget[]): void {
    for (const { name } of asked) this.note(name, failed.find(({ destination }) => destination.target === name)?.fault);
  }

  /** Takes note of how the last round of one went. */
  note(target: string, fault: Fault | undefined): void {
    if (fault?.code === 'unreachable' || fault?.code === 'tls') {
      this.#away.set(target, { fault, until: this.#now() + restMs });
    } else {
      this.#away.delete(target);
    }
  }
}
