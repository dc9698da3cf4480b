import { ferry } from '../contestants.js';
import { within } from '../goals.js';
import { largeImage, race } from '../image-race.js';
import { startSlowLine } from '../lines/slow-line.js';
import { withRegistries } from '../registries.js';
import type { Entry, Scenario } from '../scenario.js';
import { medianOf } from '../statistics.js';

const sourceMegabits = 400;
const targetMegabits = 50;
const mostRounds = 3;

export const slowTarget: Scenario = {
  name: 'slow-target',
  async run({ attempts, scale }) {
    const image = await largeImage(scale);
    const common = { image, attempts: Math.min(attempts, mostRounds), untilFirstTarget: true };
    const [alone, beside] = await withRegistries({ targets: 2 }, async (registries) => {
      const [first, second] = registries.targets;
      if (first === undefined || second === undefined) throw new TypeError('two targets are required');
      const toSource = await startSlowLine(registries.source, sourceMegabits);
      const toSecond = await startSlowLine(second, targetMegabits);
      try {
        const sourceHost = toSource.host;
        const only = { ...registries, targets: [first] };
        const one = await race(only, [ferry()], { ...common, sourceHost });
        const both = await race(registries, [ferry()], {
          ...common,
          sourceHost,
          targetHosts: [first.host, toSecond.host],
        });
        return [renamed(one, 'fast target alone'), renamed(both, 'fast target beside a slow one')] as const;
      } finally {
        await toSource.close();
        await toSecond.close();
      }
    });
    return {
      title: `One of two targets behind ${targetMegabits} Mbit/s`,
      setting: `The same image, plain HTTP, the source behind ${sourceMegabits} Mbit/s; until the fast target has everything.`,
      entries: [...beside, ...alone],
      goals: [
        within(5, { ferry: beside[0], ofMs: alone[0] && medianOf(alone[0], 'wallMs'), what: 'the fast target alone' }),
      ],
    };
  },
};

function renamed(entries: readonly Entry[], what: string): readonly Entry[] {
  return entries.map((entry) => ({ ...entry, name: `ferry copy, ${what}` }));
}
