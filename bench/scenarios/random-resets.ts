import { startFerryUp } from '../../demo/ferry-process.js';
import type { LineConditions } from '../../demo/line/line.js';
import { makeImage } from '../../demo/make-images.js';
import { addImage, makeFerryEnvironment, syncUntilDone } from '../ferry-environment.js';
import { countsOf, noteOnLines, withLines } from '../lines/lines.js';
import { sayRun } from '../progress.js';
import { verifyArrival, withRegistries } from '../registries.js';
import type { Goal, Scenario } from '../scenario.js';
import { megabyte, sum } from '../statistics.js';
import { pushAll } from './image-lists.js';
import type { ListedImage } from './image-lists.js';

const count = 20;
const smallest = megabyte;
const largest = 200 * megabyte;
/** Of an image, in layers. */
const layerShares = [0.6, 0.3, 0.1];
const resetsInAll = 100;
/** A third of the resets on each of three lines, early enough that all of them come. */
const spare = 1.3;
const mostSyncs = 10;
const mostTimes = 1.2;

/** A sync of images whose connections break at random, in both directions. */
export const randomResets: Scenario = {
  name: 'random-resets',
  async run({ scale }) {
    const images = await makeImages(scale);
    const bytes = sum(images.flatMap(({ made }) => made.blobs.map(({ size }) => size)));
    return await withRegistries({ targets: 2 }, async (registries) => {
      const { source, targets, folder } = registries;
      await pushAll(source, images);
      return await withLines(
        registries,
        { source: conditions(0, bytes), target: conditions(1, bytes) },
        async (lines) => {
          // Each target's line breaks at places of its own.
          await lines.targets[1]?.change(conditions(2, bytes));
          const targetHosts = lines.targets.map(({ host }) => host);
          const environment = makeFerryEnvironment({ folder, sourceHost: lines.source.host, targetHosts });
          const up = await startFerryUp({ folder, environment });
          const startedAt = performance.now();
          let syncs: number;
          try {
            for (const { repository, tag } of images) {
              await addImage(`${lines.source.host}/${repository}:${tag}`, environment);
            }
            syncs = await syncUntilDone(environment, mostSyncs);
          } finally {
            await up.stop();
          }
          const wallMs = performance.now() - startedAt;
          for (const target of targets) {
            for (const { made, repository, tag } of images) {
              await verifyArrival(target, { image: made, repository, tag, by: 'ferry sync' });
            }
          }
          const { read, sent, resets, busiest } = await countsOf(lines);
          sayRun('ferry sync --wait', 0, { wallMs });
          return {
            title: `${resets} random resets in both directions`,
            setting: `A sync of ${count} images of 1 to ${Math.round((largest * scale) / megabyte)} MB, ${Math.round(bytes / megabyte)} MB in all, to two targets; every line resets connections at random.`,
            entries: [
              { name: 'ferry sync --wait', runs: [{ wallMs, sourceBytes: read, targetBytes: Math.max(...sent) }] },
            ],
            goals: [
              atMostTimes('read', read, bytes),
              ...sent.map((moved, n) => atMostTimes(`sent to target ${n + 1}`, moved, bytes)),
              { text: 'everything arrives in the first sync run', found: `${syncs} runs`, met: syncs === 1 },
            ],
            notes: [noteOnLines(busiest)],
          };
        },
      );
    });
  },
};

/** Sizes in equal ratios from the smallest to the largest. */
async function makeImages(scale: number): Promise<readonly ListedImage[]> {
  return await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const size = smallest * (largest / smallest) ** (n / (count - 1)) * scale;
      const layers = layerShares.map((share) => Math.round(size * share));
      return { repository: `bench/reset-${n}`, tag: 'v1', made: await makeImage({ name: `reset-${n}`, layers }) };
    }),
  );
}

function conditions(seed: number, bytes: number): LineConditions {
  const times = Math.floor(resetsInAll / 3) + (seed === 0 ? 1 : 0);
  return {
    roundTripMs: 40,
    bytesPerSecond: { connection: 20 * megabyte, line: 60 * megabyte },
    reset: { random: { meanBytes: bytes / times / spare, seed: seed + 1 }, direction: 'both', times },
  };
}

function atMostTimes(what: string, moved: number, bytes: number): Goal {
  const times = moved / bytes;
  return { text: `at most ${mostTimes}× ${what}`, found: `${times.toFixed(3)}×`, met: times <= mostTimes };
}
