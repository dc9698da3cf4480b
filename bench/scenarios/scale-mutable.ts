import {
  accountNote,
  accountTable,
  cpuAtMost,
  historyAtMost,
  memoryAtMost,
  requestsAre,
} from '../scale/account-report.js';
import { accountOf } from '../scale/account.js';
import { insertPushed, syncToEnd, tinyImages } from '../scale/image-rows.js';
import { entryOf } from '../scale/scale-entry.js';
import { withStandIns } from '../scale/stand-in-stage.js';
import { countOf } from '../scenario.js';
import type { Scenario } from '../scenario.js';

export const scaleMutable: Scenario = {
  name: 'scale-mutable',
  async run(settings) {
    const images = tinyImages(countOf(settings, { small: 2000, full: 100_000 }));
    const account = await withStandIns({ variables: { FERRY_MUTABLE_TAGS: 'all' } }, async (stage) => {
      await stage.start();
      await insertPushed(stage, images);
      return await accountOf(stage, images.length, async () => await syncToEnd(stage));
    });
    const name = 'ferry sync --wait';
    return {
      title: `${images.length} pushed images whose tags may all move`,
      setting: 'None has moved. The source and both targets are servers that only answer HEAD and GET.',
      entries: [entryOf(name, account)],
      table: accountTable([{ name, account }]),
      goals: [
        cpuAtMost(5, account),
        // The pattern's own tag is checked, too.
        requestsAre({ 'HEAD manifests': images.length + 1 }, 'one HEAD at the source for each', account.sourceRequests),
        requestsAre({}, 'no request at the targets', account.targetRequests),
        memoryAtMost(300, account),
        historyAtMost(4096, account),
      ],
      notes: [accountNote(name, account)],
    };
  },
};
