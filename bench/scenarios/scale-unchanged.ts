import {
  accountNote,
  accountTable,
  baselines,
  cpuAtMost,
  historyAtMost,
  memoryAtMost,
  statementsAtMost,
} from '../scale/account-report.js';
import { accountOf } from '../scale/account.js';
import { assertAllPushed, insertPushed, pattern, setPending, syncToEnd, tinyImages } from '../scale/image-rows.js';
import { withRealStage } from '../scale/real-stage.js';
import { entryOf } from '../scale/scale-entry.js';
import { writeToStorage } from '../scale/write-storage.js';
import { countOf } from '../scenario.js';
import type { Scenario } from '../scenario.js';

export const scaleUnchanged: Scenario = {
  name: 'scale-unchanged',
  async run(settings) {
    const images = tinyImages(countOf(settings, { small: 300, full: 1000 }));
    const account = await withRealStage({}, async (stage) => {
      const { source, targets } = stage.registries;
      for (const { storagePath } of [source, ...targets]) writeToStorage(storagePath, images);
      writeToStorage(source.storagePath, [pattern]);
      await stage.start();
      await insertPushed(stage, images);
      await setPending(stage, images);
      const measured = await accountOf(stage, images.length, async () => await syncToEnd(stage));
      await assertAllPushed(stage, images.length + 1);
      return measured;
    });
    const name = 'ferry sync --wait';
    return {
      title: `${images.length} images that are pending again and unchanged`,
      setting: 'Two targets have them, and the ferry has recorded them. Another program sets `push_status` to 0.',
      entries: [entryOf(name, account)],
      table: accountTable([{ name, account }], baselines.unchanged),
      goals: [
        cpuAtMost(20, account),
        statementsAtMost(3, account),
        memoryAtMost(300, account),
        historyAtMost(4096, account),
      ],
      notes: [accountNote(name, account)],
    };
  },
};
