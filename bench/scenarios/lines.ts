import type { LineConditions } from '../../demo/line/line.js';
import { makeImage } from '../../demo/make-images.js';
import { arrives, atMostSeconds, bytesAtMost, failsWith, peakMemory, timesFaster, withinBound } from '../goals.js';
import { lineCase } from '../lines/line-case.js';
import type { LineCase } from '../lines/line-case.js';
import type { Scenario } from '../scenario.js';

const mebibyte = 1024 * 1024;
const kilobyte = 1000;
const megabyte = 1_000_000;

const near: LineConditions = {
  roundTripMs: 80,
  bytesPerSecond: { connection: 8 * megabyte, line: 60 * megabyte },
};
const far: LineConditions = {
  roundTripMs: 200,
  bytesPerSecond: { connection: 4 * megabyte, line: 40 * megabyte },
};
const overBoth =
  'The source is 80 ms away, 8 MB/s a connection and 60 MB/s in all; each of two targets 200 ms, 4 MB/s a connection and 40 MB/s in all.';

/** A line that breaks: what it lets through between two breaks, and its rate. */
const breaksAfter = 24 * megabyte;
const breaking: LineConditions = { roundTripMs: 80, bytesPerSecond: { connection: 20 * megabyte } };
const overBreaking = 'Both registries are 80 ms away, 20 MB/s a connection.';

const manyLayers = lineCase({
  name: 'line-a',
  title: 'A. 16 layers of 10 MB over slow connections',
  setting: overBoth,
  image: layersOf('line-a', Array<number>(16).fill(10 * mebibyte)),
  source: near,
  target: far,
  targets: 2,
  roundTripsMs: 2000,
  goals: ({ entries, boundMs }) => [timesFaster(2, entries), withinBound(1.5, entries[0], boundMs)],
});

const unevenLayers = lineCase({
  name: 'line-b',
  title: 'B. 8 layers, the largest of 60 MB and last, over slow connections',
  setting: overBoth,
  image: layersOf(
    'line-b',
    [8, 10, 12, 15, 18, 25, 30, 60].map((size) => size * megabyte),
  ),
  source: near,
  target: far,
  targets: 2,
  roundTripsMs: 2000,
  goals: ({ entries, boundMs }) => [timesFaster(1.25, entries), withinBound(1.15, entries[0], boundMs)],
});

const smallImage = {
  image: layersOf('line-c', Array<number>(6).fill(20 * kilobyte)),
  source: { roundTripMs: 200 },
  target: { roundTripMs: 200 },
  targets: 1,
} as const;

const newSmallImage = lineCase({
  ...smallImage,
  name: 'line-c',
  title: 'C. A small image, 200 ms on both sides',
  setting: 'Six layers of 20 kB, one target.',
  roundTripsMs: 1500,
  goals: ({ entries }) => [atMostSeconds(2.2, entries[0]), timesFaster(1, entries)],
});

const unchangedImage = lineCase({
  ...smallImage,
  name: 'line-d',
  title: 'D. The same image again, nothing to do',
  setting: 'Six layers of 20 kB, one target that has them, 200 ms on both sides.',
  isThere: true,
  roundTripsMs: 400,
  goals: ({ entries }) => [atMostSeconds(0.8, entries[0]), timesFaster(1, entries)],
});

const singleLayer = lineCase({
  name: 'line-single',
  title: 'One layer of 256 MB, several times faster over several connections',
  setting:
    'The source is 80 ms away, 2 MB/s a connection and 20 MB/s in all; the target is near. The line alone sets the time of the peers, which run once.',
  image: layersOf('line-single', [256 * megabyte]),
  source: { roundTripMs: 80, bytesPerSecond: { connection: 2 * megabyte, line: 20 * megabyte } },
  target: {},
  targets: 1,
  splitsBlobs: true,
  peersOnce: true,
  roundTripsMs: 800,
  goals: ({ entries }) => [timesFaster(5, entries), peakMemory(150, entries[0])],
});

const brokenUpload: Omit<LineCase, 'name' | 'title'> = {
  setting: `One layer of 100 MB. ${overBreaking} The target's line resets each connection after 24 MB sent.`,
  image: layersOf('line-f', [100 * megabyte]),
  source: breaking,
  target: { ...breaking, reset: { afterBytes: breaksAfter, direction: 'up' } },
  targets: 1,
  roundTripsMs: 800,
  goals: ({ entries, bytes }) => [
    arrives(entries[0]),
    bytesAtMost(1.05, 'targetBytes', entries[0], bytes),
    bytesAtMost(1.02, 'sourceBytes', entries[0], bytes),
  ],
};

const brokenUploads: readonly Scenario[] = [
  lineCase({ ...brokenUpload, name: 'line-f', title: 'F. The upload breaks, distribution 3' }),
  lineCase({
    ...brokenUpload,
    name: 'line-f-nginx',
    title: 'F. The upload breaks, nginx with its default buffering in front of distribution 2.8',
    targetKind: 'docker-registry',
    nginx: true,
  }),
  lineCase({
    ...brokenUpload,
    name: 'line-f-fits',
    title: 'F. The upload breaks, distribution 2.8, a layer that fits between two breaks',
    setting: `Six layers of 15 MB. ${overBreaking} The target's line resets each connection after 24 MB sent.`,
    image: layersOf('line-f-fits', Array<number>(6).fill(15 * megabyte)),
    targetKind: 'docker-registry',
    goals: ({ entries }) => [arrives(entries[0])],
  }),
  lineCase({
    ...brokenUpload,
    name: 'line-f-forgets',
    title: 'F. The upload breaks, distribution 2.8, a layer that does not fit between two breaks',
    targetKind: 'docker-registry',
    goals: ({ entries }) => [
      failsWith(/forgets a broken request/, 'ends with the reason why it cannot continue', entries[0]),
    ],
  }),
];

const bufferedUpload = lineCase({
  name: 'line-nginx',
  title: 'One layer of 256 MB behind nginx, nothing breaks',
  setting: `${overBreaking} nginx with its default settings stands before distribution 2.8.`,
  image: layersOf('line-nginx', [256 * megabyte]),
  source: breaking,
  target: breaking,
  targets: 1,
  targetKind: 'docker-registry',
  nginx: true,
  roundTripsMs: 800,
  goals: ({ entries, boundMs }) => [timesFaster(1, entries), withinBound(1.15, entries[0], boundMs)],
});

const brokenDownload = lineCase({
  name: 'line-g',
  title: 'G. The download breaks',
  setting: `One layer of 100 MB. ${overBreaking} The source's line resets each connection after 24 MB.`,
  image: layersOf('line-g', [100 * megabyte]),
  source: { ...breaking, reset: { afterBytes: breaksAfter, direction: 'down' } },
  target: breaking,
  targets: 1,
  roundTripsMs: 800,
  goals: ({ entries, bytes }) => [arrives(entries[0]), bytesAtMost(1.02, 'sourceBytes', entries[0], bytes)],
});

/** The cases of one image over simulated lines. */
export const lineCases: readonly Scenario[] = [
  manyLayers,
  unevenLayers,
  newSmallImage,
  unchangedImage,
  singleLayer,
  ...brokenUploads,
  bufferedUpload,
  brokenDownload,
];

function layersOf(name: string, sizes: readonly number[]): LineCase['image'] {
  return (scale) => makeImage({ name, layers: sizes.map((size) => Math.round(size * scale)) });
}
