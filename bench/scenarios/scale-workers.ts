import type { LineConditions } from '../../demo/line/line.js';
import { accountNote, accountTable } from '../scale/account-report.js';
import type { Account } from '../scale/account.js';
import { copyNewImages } from '../scale/copy-new-images.js';
import { entryOf } from '../scale/scale-entry.js';
import { tinyImageNumber } from '../scale/tiny-images.js';
import type { TinyImage } from '../scale/tiny-images.js';
import { countOf } from '../scenario.js';
import type { Goal, Outcome, Scenario } from '../scenario.js';
import { megabyte } from '../statistics.js';

/** Several of them are needed to fill what the machine has: a connection carries little. */
const slow: LineConditions = { roundTripMs: 80, bytesPerSecond: { connection: megabyte } };
const layerBytes = 4 * megabyte;
const workerCounts = [1, 2, 4];

export const scaleWorkersTiny: Scenario = {
  name: 'scale-workers-tiny',
  async run(settings) {
    const images = imagesOf(countOf(settings, { small: 300, full: 1000 }));
    return await compare(images, {
      title: `${images.length} new images of a few kilobytes with several workers`,
      setting: 'All on one machine, which is the limit.',
      mustGain: false,
    });
  },
};

export const scaleWorkersLine: Scenario = {
  name: 'scale-workers-line',
  async run(settings) {
    const images = imagesOf(countOf(settings, { small: 60, full: 200 }), layerBytes);
    return await compare(images, {
      title: `${images.length} new images of ${layerBytes / megabyte} MB with several workers, over a line`,
      setting: 'The source and both targets are 80 ms away, 1 MB/s a connection.',
      line: slow,
      mustGain: true,
    });
  },
};

async function compare(
  images: readonly TinyImage[],
  {
    title,
    setting,
    line,
    mustGain,
  }: {
    readonly title: string;
    readonly setting: string;
    readonly line?: LineConditions;
    readonly mustGain: boolean;
  },
): Promise<Outcome> {
  const accounts: { readonly name: string; readonly account: Account }[] = [];
  for (const workers of workerCounts) {
    const account = await copyNewImages(images, { line, workers });
    accounts.push({ name: `${workers} ${workers === 1 ? 'worker' : 'workers'}`, account });
  }
  const [one, two, four] = accounts.map(({ account }) => account);
  return {
    title,
    setting,
    entries: accounts.map(({ name, account }) => entryOf(name, account)),
    table: accountTable(accounts),
    goals: mustGain && one && two && four ? [faster('two workers', one, two), faster('four workers', two, four)] : [],
    notes: accounts.map(({ name, account }) => accountNote(name, account)),
  };
}

function faster(who: string, before: Account, after: Account): Goal {
  return {
    text: `${who} are faster than half of them`,
    found: `${(before.wallMs / after.wallMs).toFixed(2)}×`,
    met: after.wallMs < before.wallMs,
  };
}

function imagesOf(count: number, bytesOfLayer?: number): readonly TinyImage[] {
  return Array.from({ length: count }, (_, n) => tinyImageNumber(n, 'app', bytesOfLayer));
}
