import type { Fault, LeftTarget } from '../contract/activity-types.js';
import type { Target } from '../domain/target.js';

/** Faults of a whole registry. Any other may be of one repository alone. */
const ofHost: ReadonlySet<Fault['code']> = new Set(['unreachable', 'tls', 'rate-limited']);
/** After this number of other faults without an answer between them, the fault is one of the whole registry as well. */
const faultsInVain = 4;
const reasonsTold = 20;

/** Which targets are not asked any more in a page of rows, since they do not answer; and which rows that concerns. */
export class SilentTargets {
  readonly #silent = new Map<string, LeftTarget>();
  readonly #inVain = new Map<string, number>();
  readonly #unasked = new Map<string, LeftTarget & { rows: number }>();

  constructor(targets: readonly Target[]) {
    for (const { name, engine } of targets) {
      if (engine === 'docker') this.#silent.set(name, { target: name, fault: daemonFault(name) });
    }
  }

  /** By reason, the first ones. */
  get unasked(): readonly (LeftTarget & { readonly rows: number })[] {
    return [...this.#unasked.values()].slice(0, reasonsTold);
  }

  reasonFor(targets: readonly string[]): LeftTarget | undefined {
    for (const target of targets) {
      const known = this.#silent.get(target);
      if (known !== undefined) return known;
    }
    return undefined;
  }

  note(left: LeftTarget): void {
    const { target, fault } = left;
    const inVain = (this.#inVain.get(target) ?? 0) + 1;
    this.#inVain.set(target, inVain);
    const isSilent = ofHost.has(fault.code) || inVain >= faultsInVain;
    // All of its rows get the first reason.
    if (isSilent && !this.#silent.has(target)) this.#silent.set(target, { target, fault });
  }

  answered(targets: readonly string[]): void {
    for (const target of targets) this.#inVain.delete(target);
  }

  /** A row was not looked for, or in vain. */
  count({ target, fault }: LeftTarget): void {
    const key = `${target} ${fault.reason}`;
    const known = this.#unasked.get(key);
    if (known === undefined) this.#unasked.set(key, { target, fault, rows: 1 });
    else known.rows += 1;
  }
}

/** A daemon cannot look at a tag without pulling it. */
function daemonFault(target: string): Fault {
  return {
    code: 'configuration',
    decision: 'wait',
    reason: `only a Docker daemon reaches target ${target}, and it cannot say what is there: "ferry retry IMAGE" copies an image again`,
  };
}
