import { randomNumbers } from '../../demo/random-numbers.js';

/** Draws that follow from a seed alone. */
export interface Dice {
  /** From `least` (inclusive) to `most` (exclusive). */
  between(least: number, most: number): number;
  whole(least: number, most: number): number;
  pick<T>(list: readonly T[]): T;
  /** @param weights positive numbers */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T;
  /** @param chance 0 to 1 */
  isTrue(chance: number): boolean;
}

/** @param name separates what is drawn for one purpose from other draws of the same seed */
export function diceOf(seed: number, name: string): Dice {
  const next = randomNumbers(seed ^ hashOf(name));
  const between = (least: number, most: number): number => least + next() * (most - least);
  const whole = (least: number, most: number): number => Math.floor(between(least, most));
  return {
    between,
    whole,
    pick(list) {
      if (list.length === 0) throw new RangeError('nothing can be picked from an empty list');
      return list[whole(0, list.length)] as (typeof list)[number];
    },
    weighted(weights) {
      const entries = Object.entries(weights) as [keyof typeof weights, number][];
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      const found = entries.find(([, weight]) => (left -= weight) < 0) ?? entries.at(-1);
      if (found === undefined) throw new RangeError('nothing can be picked from no weights');
      return found[0];
    },
    isTrue: (chance) => next() < chance,
  };
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
