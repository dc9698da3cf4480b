import { ferry, findPeers, oneAfterTheOther, sideBySide } from '../contestants.js';
import { lessProcessorTime, peakMemory, timesFaster } from '../goals.js';
import { bytesOf, largeImage, race } from '../image-race.js';
import { withRegistries } from '../registries.js';
import type { Scenario } from '../scenario.js';
import { megabyte } from '../statistics.js';

export const overTls: Scenario = twoTargets({ name: 'tls', title: 'TLS, two targets', tls: true });
export const overPlainHttp: Scenario = twoTargets({ name: 'plain', title: 'Plain HTTP, two targets', tls: false });

function twoTargets({
  name,
  title,
  tls,
}: {
  readonly name: string;
  readonly title: string;
  readonly tls: boolean;
}): Scenario {
  return {
    name,
    async run({ attempts, scale }) {
      const image = await largeImage(scale);
      const contestants = [ferry(), ...findPeers().flatMap((peer) => [oneAfterTheOther(peer), sideBySide(peer)])];
      const entries = await withRegistries({ targets: 2, tls }, (registries) =>
        race(registries, contestants, { image, attempts }),
      );
      const [own] = entries;
      return {
        title,
        setting: `One image of ${image.blobs.length - 1} layers, ${Math.round(bytesOf(image) / megabyte)} MB, from one registry to two on the same machine.`,
        entries,
        goals: tls
          ? [timesFaster(1.2, entries), lessProcessorTime(entries), peakMemory(130, own)]
          : [timesFaster(1, entries), peakMemory(130, own)],
      };
    },
  };
}
