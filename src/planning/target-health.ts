import type { Fault, LeftTarget } from '../contract/activity-types.js';
import { awayCodes } from '../domain/ferry-error.js';
import type { FerryError } from '../domain/ferry-error.js';
import type { Target } from '../domain/target.js';
import { printUtc } from '../domain/utc-time.js';

/** For this time, a target that was unavailable in all attempts of an image receives no requests. */
const restMs = 60_000;

interface Clocks {
  /** Milliseconds of a monotonic clock: the other one may be set back by hours. */
  readonly monotonic: () => number;
  /** UTC ms, for messages to users. */
  readonly wall: () => number;
}

interface Absence {
  readonly fault: Pick<Fault, 'code' | 'decision'>;
  /** Why, without the repository of the image that found out. */
  readonly reason: string;
  /** When it was found out, UTC ms. */
  readonly at: number;
  /** On the monotonic clock. */
  readonly until: number;
}

/** Whether a fault of a target says that it does not answer, whatever the image. */
export function saysAway({ code }: Pick<Fault, 'code'>): boolean {
  return awayCodes.some((away) => away === code);
}

/**
 * Which targets are known to be away. One that is down would hold every image of a run for all its rounds: after the
 * first image has found out, the others leave it to the next run at once, and look again now and then.
 */
export class TargetHealth {
  readonly #away = new Map<string, Absence>();
  readonly #clocks: Clocks;

  constructor(clocks: Clocks = { monotonic: () => performance.now(), wall: () => Date.now() }) {
    this.#clocks = clocks;
  }

  /** Why not to ask a target now; undefined when it should be asked. */
  reasonToLeave({ name, registry }: Pick<Target, 'name' | 'registry'>): Fault | undefined {
    const known = this.#away.get(name);
    if (known === undefined || this.#clocks.monotonic() >= known.until) return undefined;
    const { fault, reason: why, at } = known;
    const reason = `target ${name} (${registry}) was not asked again: it was away at ${printUtc(at)}, and is left alone until ${printUtc(at + restMs)}: ${why}`;
    return { ...fault, reason, again: 'next-run' };
  }

  /** Those that should be asked, and those that should not, with the reason. */
  divide(targets: readonly Target[]): readonly [asked: readonly Target[], left: readonly LeftTarget[]] {
    const left = targets.flatMap((target) => {
      const fault = this.reasonToLeave(target);
      return fault === undefined ? [] : [{ target: target.name, fault }];
    });
    return [targets.filter(({ name }) => !left.some(({ target }) => target === name)), left];
  }

  /** Records how the last attempt of an image went on the targets that received requests. */
  noteAll(
    asked: readonly Target[],
    failures: readonly { readonly target: string; readonly failure: FerryError }[],
  ): void {
    for (const { name } of asked) {
      const failure = failures.find(({ target }) => target === name)?.failure;
      this.note(name, failure, failure?.hostReason);
    }
  }

  /**
   * Records how the last attempt of one target went.
   *
   * @param hostReason the reason, in words that name no repository: other images report it too
   */
  note(target: string, fault: Pick<Fault, 'code' | 'decision'> | undefined, hostReason?: string): void {
    if (fault === undefined || !saysAway(fault)) {
      this.#away.delete(target);
      return;
    }
    const { code, decision } = fault;
    this.#away.set(target, {
      fault: { code, decision },
      reason: hostReason ?? (code === 'tls' ? 'no TLS connection to it could be made' : 'it could not be reached'),
      at: this.#clocks.wall(),
      until: this.#clocks.monotonic() + restMs,
    });
  }
}
