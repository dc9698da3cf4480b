import { diceOf } from './dice.js';
import type { Dice } from './dice.js';
import type { PlannedImage } from './plan-images.js';

/** How images are requested: `ferry add`, `POST /api/images`, a signed delivery of GitHub's, rows of another program. */
export const ways = ['cli', 'api', 'webhook', 'sql'] as const;
export type Way = (typeof ways)[number];

export interface PlannedRequest {
  readonly kind: 'request';
  /** Milliseconds from the start. */
  readonly at: number;
  readonly way: Way;
  readonly images: readonly PlannedImage[];
  /** One platform, several with commas, or `all`. */
  readonly platforms: string;
}

/** A mutable tag points to its next version from now on. */
export interface PlannedMove {
  readonly kind: 'move';
  readonly at: number;
  readonly image: PlannedImage;
  readonly version: number;
}

/** An image that was requested before it was there is published, and a person retries it where it is blocked. */
export interface PlannedPublication {
  readonly kind: 'publish';
  readonly at: number;
  readonly image: PlannedImage;
}

export type PlannedStep = PlannedRequest | PlannedMove | PlannedPublication;

/** A run that has found nothing notifies people within this time. */
const missingMs = { least: 15_000, most: 60_000 } as const;

/** Some images are requested again by another way, or for one more platform. */
const againShare = 0.25;

/** What is requested when, in the order of the times: it follows from the arguments alone. */
export function planRequests(seed: number, seconds: number, images: readonly PlannedImage[]): readonly PlannedStep[] {
  const dice = diceOf(seed, 'requests');
  // The last fifth is for what is in flight.
  const lastMs = seconds * 1000 * 0.8;
  const steps: PlannedStep[] = [];
  for (let n = 0; n < images.length;) {
    const some = images.slice(n, n + dice.whole(1, 4));
    const at = Math.round((n / images.length) * lastMs);
    n += some.length;
    steps.push({ kind: 'request', at, way: dice.pick(ways), images: some, platforms: 'linux/amd64' });
    for (const image of some) {
      steps.push(...later(dice, image, at, lastMs));
      if (image.isLate) {
        const publishedAt = Math.round(at + dice.between(missingMs.least, missingMs.most));
        steps.push({ kind: 'publish', at: Math.min(publishedAt, seconds * 1000), image });
      }
    }
  }
  return steps.toSorted((one, other) => one.at - other.at);
}

function later(dice: Dice, image: PlannedImage, at: number, lastMs: number): readonly PlannedStep[] {
  const time = (): number => Math.round(dice.between(at, lastMs));
  const again = (platforms: string): PlannedRequest => {
    return { kind: 'request', at: time(), way: dice.pick(ways), images: [image], platforms };
  };
  const moves = image.versions
    .slice(1)
    .map((_, n): PlannedMove => ({ kind: 'move', at: time(), image, version: n + 1 }));
  const isIndex = (image.versions[0]?.platforms.length ?? 0) > 1;
  return [
    ...inOrder(moves),
    ...(isIndex ? [again(dice.pick(['all', 'linux/arm64']))] : []),
    ...(dice.isTrue(againShare) ? [again('linux/amd64')] : []),
  ];
}

/** A later version has a later time. */
function inOrder(moves: readonly PlannedMove[]): readonly PlannedMove[] {
  const times = moves.map(({ at }) => at).toSorted((one, other) => one - other);
  return moves.map((move, n) => ({ ...move, at: times[n] ?? move.at }));
}
