import type { ImageState } from '../../domain/state-change.js';

/** What the database says at one time. */
export interface Standing {
  /** Wanted images by state. */
  readonly images: Readonly<Record<ImageState, number>>;
  /** Since when the oldest of the images that are not pushed waits, in seconds; 0 if none does. */
  readonly oldestPendingSeconds: number;
  /** Configured targets, and whether the last attempt found them available. */
  readonly targets: readonly { readonly target: string; readonly isUp: boolean }[];
  /** Pulls that are left at sources that count them. */
  readonly pulls: readonly { readonly source: string; readonly remaining: number }[];
  /** Images that the last audit found changed or lost on a target; absent if there was none. */
  readonly drift?: readonly { readonly target: string; readonly images: number }[] | undefined;
}

/** @throws when the database does not answer */
export type ReadStanding = () => Promise<Standing>;

/** A query that took long is repeated as much later: the measurements must not load what they measure. */
const restPerQueryTime = 20;

/**
 * Shares one reading among scrapes that come close together: two Prometheus servers scrape the same process.
 *
 * @param forMs for how long a reading is kept at least. Faults are not kept.
 */
export function keptStanding(read: ReadStanding, forMs: number): ReadStanding {
  let reading: Promise<Standing> | undefined;
  let until = 0;
  return async () => {
    if (reading === undefined || performance.now() > until) {
      const begun = performance.now();
      const asked = read();
      reading = asked;
      until = Number.POSITIVE_INFINITY;
      asked.then(
        () => {
          const took = performance.now() - begun;
          until = performance.now() + Math.max(forMs, took * restPerQueryTime);
        },
        () => {
          if (reading === asked) reading = undefined;
        },
      );
    }
    return await reading;
  };
}
