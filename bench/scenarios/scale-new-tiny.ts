import {
  accountNote,
  accountTable,
  baselines,
  cpuAtMost,
  historyAtMost,
  memoryAtMost,
  rateAtLeast,
} from '../scale/account-report.js';
import type { Account } from '../scale/account.js';
import { copyNewImages } from '../scale/copy-new-images.js';
import { tinyImages } from '../scale/image-rows.js';
import type { RealOptions } from '../scale/real-stage.js';
import { entryOf } from '../scale/scale-entry.js';
import { countOf } from '../scenario.js';
import type { Scenario, Settings } from '../scenario.js';

const name = 'ferry sync --wait';

export const scaleNewTiny: Scenario = {
  name: 'scale-new-tiny',
  async run(settings) {
    const account = await copyNew(settings, {});
    return {
      title: `${account.images} new images of a few kilobytes`,
      setting: 'Each has a configuration and a layer of its own; two targets; rows of another program.',
      entries: [entryOf(name, account)],
      table: accountTable([{ name, account }], baselines.newTiny),
      goals: [
        cpuAtMost(60, account),
        rateAtLeast(5, account, baselines.newTiny),
        memoryAtMost(300, account),
        historyAtMost(4096, account),
      ],
      notes: [accountNote(name, account)],
    };
  },
};

export const scaleNewTinyFar: Scenario = {
  name: 'scale-new-tiny-far',
  async run(settings) {
    const account = await copyNew(settings, { line: { roundTripMs: 200 } });
    return {
      title: `${account.images} new images of a few kilobytes, 200 ms on both sides`,
      setting: 'The same over simulated lines to the source and to both targets.',
      entries: [entryOf(name, account)],
      table: accountTable([{ name, account }], baselines.newTinyFar),
      goals: [cpuAtMost(60, account), rateAtLeast(5, account, baselines.newTinyFar)],
      notes: [accountNote(name, account)],
    };
  },
};

async function copyNew(settings: Settings, options: RealOptions): Promise<Account> {
  const images = tinyImages(countOf(settings, { small: 300, full: 1000 }));
  return await copyNewImages(images, options);
}
