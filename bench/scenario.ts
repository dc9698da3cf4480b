import type { Measurement } from './measure.js';

export interface Settings {
  /** Runs of each contestant; what takes minutes is run three times at most, and once where it says so. */
  readonly attempts: number;
  /** Of every image, 1 is full size. */
  readonly scale: number;
  /** Of the scenarios that count images; `full`: as many as their goals are about. Default: few. */
  readonly images?: number | 'full' | undefined;
}

/** One line of a scenario's table: the runs of one contestant. */
export interface Entry {
  /** With its version. */
  readonly name: string;
  readonly runs: readonly Run[];
}

export interface Run extends Measurement {
  /** Bytes of blobs that the source sent; over a line all bytes that it sent. */
  readonly sourceBytes?: number;
  /** All bytes that one target got over its line; of several targets the most. */
  readonly targetBytes?: number;
  /** The longest chain of round trips, each of which had to wait for the one before it. */
  readonly roundTrips?: number;
  /** Requests to the source and the target for each image. */
  readonly requestsPerImage?: number;
}

export interface Goal {
  /** What should be true, in words. */
  readonly text: string;
  /** What was measured, in words. */
  readonly found: string;
  /** Undefined where there was nothing to compare with. */
  readonly met: boolean | undefined;
}

/** Figures of another kind than those of an entry, as text. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Outcome {
  readonly title: string;
  /** What moved where, in a sentence. */
  readonly setting: string;
  /** The ferry first. */
  readonly entries: readonly Entry[];
  /** Printed in place of the entries. */
  readonly table?: Table | undefined;
  readonly goals: readonly Goal[];
  /** What a reader must know of these figures, a sentence each. */
  readonly notes?: readonly string[];
}

export interface Scenario {
  /** For `--only`. */
  readonly name: string;
  run(settings: Settings): Promise<Outcome>;
}

/** How many images a scenario takes. */
export function countOf(
  { images }: Settings,
  { small, full }: { readonly small: number; readonly full: number },
): number {
  if (images === undefined) return small;
  return images === 'full' ? full : images;
}
