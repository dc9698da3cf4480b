import { makeImage } from '../../demo/make-images.js';
import { timesFaster } from '../goals.js';
import { clearLines, countsOf, noteOnLines, withLines } from '../lines/lines.js';
import type { Lines } from '../lines/lines.js';
import { measure } from '../measure.js';
import { sayRun } from '../progress.js';
import { empty, verifyArrival, withRegistries } from '../registries.js';
import type { Registries } from '../registries.js';
import type { Run, Scenario } from '../scenario.js';
import { shuffled } from '../statistics.js';
import { listContestants, pushAll } from './image-lists.js';
import type { ListContestant, ListedImage } from './image-lists.js';

const count = 30;
const layers = Array<number>(6).fill(20_000);
const roundTripMs = 200;
const mostRuns = 3;
const limitMs = 10 * 60_000;

/** A list of small images over a long line. */
export const lineList: Scenario = {
  name: 'line-e',
  async run({ attempts, scale }) {
    const images = await Promise.all(
      Array.from({ length: Math.ceil(count * scale) }, async (_, n) => ({
        repository: `bench/small-${n}`,
        tag: 'v1',
        made: await makeImage({ name: `small-${n}`, layers }),
      })),
    );
    return await withRegistries({ targets: 1 }, async (registries) => {
      await pushAll(registries.source, images);
      return await withLines(registries, { source: { roundTripMs }, target: { roundTripMs } }, async (lines) => {
        const contestants = listContestants(overLines(registries, lines), images);
        const entries = contestants.map(({ name }) => ({ name, runs: [] as Run[] }));
        let busiest = 0;
        for (let attempt = 0; attempt < Math.min(attempts, mostRuns); attempt++) {
          for (const [position, contestant] of shuffled([...contestants.entries()])) {
            const found = await runOnce(registries, lines, contestant, images);
            sayRun(contestant.name, attempt, found.run);
            entries[position]?.runs.push(found.run);
            busiest = Math.max(busiest, found.busiest);
          }
        }
        return {
          title: `E. A list of ${images.length} small images, 200 ms on both sides`,
          setting: 'Six layers of 20 kB each, one target.',
          entries,
          goals: [timesFaster(1, entries)],
          notes: [noteOnLines(busiest)],
        };
      });
    });
  },
};

function overLines(registries: Registries, lines: Lines): Registries {
  return {
    ...registries,
    source: { ...registries.source, host: lines.source.host },
    targets: registries.targets.map((target, n) => ({ ...target, host: lines.targets[n]?.host ?? target.host })),
  };
}

async function runOnce(
  { targets }: Registries,
  lines: Lines,
  { name, work }: ListContestant,
  images: readonly ListedImage[],
): Promise<{ readonly run: Run; readonly busiest: number }> {
  await clearLines(lines);
  for (const target of targets) empty(target);
  const measured = await measure(work.invocations, { ...work, mayFail: true, limitMs });
  const { read, sent, busiest } = await countsOf(lines);
  if (measured.failure === undefined) {
    for (const { made, repository, tag } of images) {
      for (const target of targets) await verifyArrival(target, { image: made, repository, tag, by: name });
    }
  }
  return { run: { ...measured, sourceBytes: read, targetBytes: Math.max(...sent) }, busiest };
}
