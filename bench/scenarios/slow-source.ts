import { ferry, findPeers, oneAfterTheOther } from '../contestants.js';
import { timesFaster, within } from '../goals.js';
import { bytesOf, largeImage, race } from '../image-race.js';
import { startSlowLine } from '../lines/slow-line.js';
import { withRegistries } from '../registries.js';
import type { Scenario } from '../scenario.js';

const megabitsPerSecond = 400;
const mostRounds = 3;

export const slowSourceTwoTargets: Scenario = slowSource(2, 1.9);
export const slowSourceFourTargets: Scenario = slowSource(4, 3.8);

function slowSource(targets: number, atLeast: number): Scenario {
  return {
    name: `slow-source-${targets}`,
    async run({ attempts, scale }) {
      const image = await largeImage(scale);
      const linkMs = ((bytesOf(image) * 8) / (megabitsPerSecond * 1_000_000)) * 1000;
      // The link determines their time: they read each blob once per target. One run of minutes is enough.
      const peers = findPeers().map((peer) => ({ ...oneAfterTheOther(peer), mostRounds: 1 }));
      const contestants = [ferry(), ...peers];
      const entries = await withRegistries({ targets }, async (registries) => {
        const proxy = await startSlowLine(registries.source, megabitsPerSecond);
        try {
          const options = { image, attempts: Math.min(attempts, mostRounds), sourceHost: proxy.host };
          return await race(registries, contestants, options);
        } finally {
          await proxy.close();
        }
      });
      return {
        title: `Source behind ${megabitsPerSecond} Mbit/s, ${targets} targets`,
        setting: `The same image, plain HTTP. The link alone takes ${(linkMs / 1000).toFixed(2)} s for it, and sets the time of the peers, which run once.`,
        entries,
        goals: [timesFaster(atLeast, entries), within(3, { ferry: entries[0], ofMs: linkMs, what: 'the link alone' })],
      };
    },
  };
}
