import { makeImage } from '../../demo/make-images.js';
import { ferry } from '../contestants.js';
import { peakMemory } from '../goals.js';
import { bytesOf, race } from '../image-race.js';
import { withRegistries } from '../registries.js';
import type { Scenario } from '../scenario.js';
import { megabyte } from '../statistics.js';

const layerBytes = 10_000_000_000;

export const largeLayer: Scenario = {
  name: 'large-layer',
  async run({ scale }) {
    const image = await makeImage({ name: 'large-layer', layers: [Math.round(layerBytes * scale)] });
    const entries = await withRegistries({ targets: 1, tls: true }, (registries) =>
      race(registries, [ferry()], { image, attempts: 1 }),
    );
    return {
      title: 'One very large layer',
      setting: `One layer of ${Math.round(bytesOf(image) / megabyte)} MB over TLS to one target, once.`,
      entries,
      goals: [peakMemory(150, entries[0])],
    };
  },
};
