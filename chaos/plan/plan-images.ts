import type { NamedLayer } from '../../demo/make-images.js';
import { diceOf } from './dice.js';
import type { Dice } from './dice.js';
import { sourceNames } from './parts.js';
import type { SourceName } from './parts.js';

/** What a tag points to: an image, or an index if it has several platforms. */
export interface PlannedContent {
  readonly name: string;
  readonly platforms: readonly { readonly platform: string; readonly layers: readonly (NamedLayer | number)[] }[];
}

export interface PlannedImage {
  readonly source: SourceName;
  /** `org/name` */
  readonly repository: string;
  readonly tag: string;
  /** In the order in which the tag points to them; only a mutable tag has more than one. */
  readonly versions: readonly PlannedContent[];
  /** Its repository is published after it was requested: it is blocked until a person retries it. */
  readonly isLate: boolean;
}

const bases: readonly NamedLayer[] = [
  { name: 'base-small', bytes: 300_000 },
  { name: 'base-medium', bytes: 1_500_000 },
  { name: 'base-large', bytes: 4_000_000 },
];
const multiPlatform = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'];
const versionsOfMutableTag = 3;

/** Sizes of the layers that an image has for itself, in bytes. */
const sizes = {
  small: { layers: [1, 4], bytes: [2_000, 200_000] },
  medium: { layers: [1, 3], bytes: [500_000, 3_000_000] },
  large: { layers: [1, 2], bytes: [8_000_000, 24_000_000] },
} as const;
const sizeWeights = { small: 50, medium: 32, large: 18 };

/** The images of a run. Several repositories have two images, and both sources have namesakes. */
export function planImages(seed: number, count: number): readonly PlannedImage[] {
  const dice = diceOf(seed, 'images');
  return Array.from({ length: count }, (_, n) => {
    const kind = dice.weighted({ plain: 55, several: 20, mutable: 12, namesake: 8, late: 5 });
    // Namesakes fall to the same name on a target whose names have the last part of the path alone.
    const repository = repositoryOf(kind, n);
    const source = kind === 'namesake' ? dice.pick(sourceNames) : sourceOf(repository);
    const versions = kind === 'mutable' ? versionsOfMutableTag : 1;
    return {
      source,
      isLate: kind === 'late',
      repository,
      tag: kind === 'mutable' ? `latest-${n}` : `v${n}`,
      versions: Array.from({ length: versions }, (_unused, version) =>
        planContent(dice, `${repository}-${n}-${version}`, kind === 'several' ? multiPlatform : ['linux/amd64']),
      ),
    };
  });
}

function repositoryOf(kind: 'plain' | 'several' | 'mutable' | 'namesake' | 'late', n: number): string {
  if (kind === 'namesake') return `org${n}/same`;
  return kind === 'late' ? `org/late-${n}` : `org/app-${Math.floor(n / 2)}`;
}

/** Every image of a repository is on the same source. */
function sourceOf(repository: string): SourceName {
  return diceOf(0, repository).pick(sourceNames);
}

function planContent(dice: Dice, name: string, platforms: readonly string[]): PlannedContent {
  const size = sizes[dice.weighted(sizeWeights)];
  const [fewest, most] = size.layers;
  const [least, largest] = size.bytes;
  const base = dice.isTrue(0.6) ? [dice.pick(bases)] : [];
  // The platforms of an index share the base, too: they are mounted or found, and not sent again.
  return {
    name,
    platforms: platforms.map((platform) => ({
      platform,
      layers: [
        ...base,
        ...Array.from({ length: dice.whole(fewest, most + 1) }, () =>
          Math.round(dice.between(least, largest) / platforms.length),
        ),
      ],
    })),
  };
}
