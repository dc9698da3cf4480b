import { diceOf } from './dice.js';
import type { Dice } from './dice.js';
import { diskNames, lineNames, sourceNames, targetNames, workerNames } from './parts.js';
import type { DiskName, LineName, PartName, TargetName } from './parts.js';

/** Something that is done to the stage; times are milliseconds, `at` from the start. */
export type PlannedFault = { readonly at: number } & (
  | {
      /** SIGKILL, and another start after `forMs`. */
      readonly kind: 'kill';
      readonly part: PartName;
      readonly forMs: number;
    }
  | {
      /** SIGTERM, as an update does it, and another start at once. */
      readonly kind: 'restart';
      readonly part: PartName;
    }
  | {
      /** SIGSTOP, and SIGCONT after `forMs`. */
      readonly kind: 'freeze';
      readonly part: PartName;
      readonly forMs: number;
    }
  | {
      /** RST for every connection of the line. */
      readonly kind: 'reset';
      readonly line: LineName;
    }
  | {
      /** The line forwards nothing. */
      readonly kind: 'stall';
      readonly line: LineName;
      readonly direction: 'up' | 'down' | undefined;
      readonly forMs: number;
    }
  | { readonly kind: 'full-disk'; readonly disk: DiskName; readonly forMs: number }
  | {
      /** SIGKILL of a target that stays down for longer than all attempts of a run take: people are notified of it. */
      readonly kind: 'absence';
      readonly part: TargetName;
      readonly forMs: number;
    }
);

export interface FaultPlanOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Mean distance of two kills. */
  readonly killEverySeconds: number;
}

/** Distances of the other faults, in distances of kills. */
const everyKills = { restart: 6, freeze: 4, reset: 2, stall: 4, 'full-disk': 20, absence: 24 } as const;
const absenceMs = { least: 50_000, most: 75_000, share: 0.5 } as const;

const killed = { workers: 50, targets: 14, sources: 10, server: 9, temporal: 8, database: 9 };
const frozen = { workers: 60, targets: 12, sources: 8, server: 6, temporal: 7, database: 7 };
const restarted = { workers: 60, targets: 10, sources: 10, server: 10, temporal: 5, database: 5 };

/** The faults of a run, in the order of their times: they follow from the options alone. */
export function planFaults({ seed, seconds, killEverySeconds }: FaultPlanOptions): readonly PlannedFault[] {
  const times = (kind: PlannedFault['kind'], every: number): { readonly at: number; readonly dice: Dice }[] => {
    const dice = diceOf(seed, kind);
    const least = kind === 'absence' ? 1 : 0;
    const count = Math.max(least, Math.floor(seconds / (killEverySeconds * every)));
    const slotMs = (seconds * 1000) / count;
    // One in each slot: the number is certain, and the times are not.
    return Array.from({ length: count }, (_, n) => ({ at: Math.round((n + dice.between(0, 1)) * slotMs), dice }));
  };
  const faults: PlannedFault[] = [
    ...times('kill', 1).map(({ at, dice }): PlannedFault => {
      return { at, kind: 'kill', part: drawPart(dice, killed), forMs: drawPause(dice, 100, 6_000) };
    }),
    ...times('restart', everyKills.restart).map(({ at, dice }): PlannedFault => {
      return { at, kind: 'restart', part: drawPart(dice, restarted) };
    }),
    ...times('freeze', everyKills.freeze).map(({ at, dice }): PlannedFault => {
      // Some are longer than the timeout of a heartbeat: another worker takes the work over, and this one comes back.
      return { at, kind: 'freeze', part: drawPart(dice, frozen), forMs: drawPause(dice, 500, 22_000) };
    }),
    ...times('reset', everyKills.reset).map(({ at, dice }): PlannedFault => {
      return { at, kind: 'reset', line: dice.pick(lineNames) };
    }),
    ...times('stall', everyKills.stall).map(({ at, dice }): PlannedFault => {
      const direction = dice.pick(['up', 'down', undefined] as const);
      return { at, kind: 'stall', line: dice.pick(lineNames), direction, forMs: drawPause(dice, 500, 20_000) };
    }),
    ...times('full-disk', everyKills['full-disk']).map(({ at, dice }): PlannedFault => {
      return { at, kind: 'full-disk', disk: dice.pick(diskNames), forMs: drawPause(dice, 1_000, 8_000) };
    }),
    ...times('absence', everyKills.absence).map(({ at, dice }): PlannedFault => {
      const forMs = Math.min(dice.between(absenceMs.least, absenceMs.most), seconds * 1000 * absenceMs.share);
      return { at, kind: 'absence', part: dice.pick(targetNames), forMs: Math.round(forMs) };
    }),
  ];
  return faults.toSorted((one, other) => one.at - other.at);
}

function drawPart(dice: Dice, weights: typeof killed): PartName {
  const group = dice.weighted(weights);
  switch (group) {
    case 'workers':
      return dice.pick(workerNames);
    case 'targets':
      return dice.pick(targetNames);
    case 'sources':
      return dice.pick(sourceNames);
    default:
      return group;
  }
}

/** Short ones are more frequent than long ones. */
function drawPause(dice: Dice, least: number, most: number): number {
  return Math.round(least + dice.between(0, 1) ** 2 * (most - least));
}
