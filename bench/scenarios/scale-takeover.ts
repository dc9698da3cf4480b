import { accountNote, accountTable, cpuAtMost, historyAtMost, memoryAtMost } from '../scale/account-report.js';
import { accountOf } from '../scale/account.js';
import { assertAllPushed, syncToEnd, tinyImages } from '../scale/image-rows.js';
import { insertOlderRows } from '../scale/older-rows.js';
import { entryOf } from '../scale/scale-entry.js';
import { withStandIns } from '../scale/stand-in-stage.js';
import { countOf } from '../scenario.js';
import type { Scenario } from '../scenario.js';

export const scaleTakeover: Scenario = {
  name: 'scale-takeover',
  async run(settings) {
    const images = tinyImages(countOf(settings, { small: 2000, full: 100_000 }));
    const account = await withStandIns({}, async (stage) => {
      await insertOlderRows(stage.sql, { ...stage, images });
      const measured = await accountOf(stage, images.length, async () => {
        await stage.start();
        await syncToEnd(stage);
      });
      await assertAllPushed(stage, images.length);
      return measured;
    });
    const name = 'ferry up, ferry sync --wait';
    return {
      title: `${images.length} images that older scripts pushed to both targets`,
      setting:
        'The first start with the tables of older scripts. The source and both targets are servers that only answer HEAD and GET.',
      entries: [entryOf(name, account)],
      table: accountTable([{ name, account }]),
      goals: [cpuAtMost(10, account), memoryAtMost(300, account), historyAtMost(4096, account)],
      notes: [accountNote(name, account)],
    };
  },
};
