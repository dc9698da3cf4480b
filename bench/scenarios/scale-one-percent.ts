import { setTimeout as sleep } from 'node:timers/promises';

import { accountNote, accountTable, historyAtMost, memoryAtMost, secondsAtMost } from '../scale/account-report.js';
import { accountOf } from '../scale/account.js';
import { firstRequest } from '../scale/first-request.js';
import { insertPushed, pattern, setPending, syncToEnd, tinyImages } from '../scale/image-rows.js';
import { withRealStage } from '../scale/real-stage.js';
import type { RealStage } from '../scale/real-stage.js';
import { entryOf } from '../scale/scale-entry.js';
import { tinyImage } from '../scale/tiny-images.js';
import { writeToStorage } from '../scale/write-storage.js';
import { countOf } from '../scenario.js';
import type { Scenario } from '../scenario.js';
import { median } from '../statistics.js';

const pendingShare = 0.01;
const addedCount = 20;
const betweenAddsMs = 250;

export const scaleOnePercent: Scenario = {
  name: 'scale-one-percent',
  async run(settings) {
    const images = tinyImages(countOf(settings, { small: 10_000, full: 100_000 }));
    const pending = images.slice(-Math.ceil(images.length * pendingShare));
    // One repository each: the first request for it is the one for the image.
    const added = Array.from({ length: addedCount }, (_, n) => tinyImage(`scale/add-${n}`, 'v1'));
    const { account, waits, commands, runMs } = await withRealStage({}, async (stage) => {
      const { source, targets } = stage.registries;
      for (const { storagePath } of [source, ...targets]) writeToStorage(storagePath, pending);
      writeToStorage(source.storagePath, [pattern, ...added]);
      await stage.start();
      await insertPushed(stage, images);
      await setPending(stage, pending);
      let runMs = 0;
      let waits: readonly number[] = [];
      const commands = { start: [] as number[], status: [] as number[], list: [] as number[] };
      const measured = await accountOf(stage, pending.length + added.length, async () => {
        const startedAt = performance.now();
        let isOver = false;
        const run = syncToEnd(stage).then(() => {
          runMs = performance.now() - startedAt;
          isOver = true;
        });
        const adding = addAll(stage, added).then((found) => (waits = found));
        while (!isOver) {
          commands.start.push(await timeOf(async () => await stage.ferry(['--version'])));
          commands.status.push(await timeOf(async () => await stage.ferry(['status'])));
          if (!isOver) commands.list.push(await timeOf(async () => await stage.ferry(['list', 'wanted'])));
        }
        await Promise.all([run, adding]);
      });
      return { account: measured, waits, commands, runMs };
    });
    const name = 'ferry sync --wait';
    return {
      title: `${images.length} images, ${pending.length} of them pending`,
      setting: `The pending ones are unchanged. Meanwhile ${addedCount} new ones are added one after the other, and \`ferry status\` and \`ferry list wanted\` take turns.`,
      entries: [entryOf(name, account)],
      table: accountTable([{ name, account }]),
      goals: [
        secondsAtMost(60, 'the run ends within', runMs),
        secondsAtMost(0.5, '`ferry status` answers within, median', median(commands.status)),
        secondsAtMost(1, '`ferry list wanted` answers within, median', median(commands.list)),
        secondsAtMost(10, 'the first request for an added image comes within, 95th percentile', percentile95(waits)),
        memoryAtMost(300, account),
        historyAtMost(4096, account),
      ],
      notes: [
        accountNote(name, account),
        `A command that does nothing (\`ferry --version\`) took ${(median(commands.start) / 1000).toFixed(2)} s meanwhile.`,
      ],
    };
  },
};

/** @returns milliseconds from the command to the first request at the source, for each image */
async function addAll(stage: RealStage, images: ReturnType<typeof tinyImages>): Promise<readonly number[]> {
  const waits: Promise<number>[] = [];
  for (const { repository, tag } of images) {
    const first = firstRequest(stage.registries.source, repository);
    const startedAt = performance.now();
    waits.push(first.then((at) => at - startedAt));
    await stage.ferry(['add', `${stage.sourceHost}/${repository}:${tag}`]);
    await sleep(betweenAddsMs);
  }
  return await Promise.all(waits);
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function percentile95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN;
}
