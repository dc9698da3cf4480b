import { accountNote, accountTable, memoryAtMost } from '../scale/account-report.js';
import { accountOf } from '../scale/account.js';
import type { Account } from '../scale/account.js';
import type { RequestCounts } from '../scale/counted-registry.js';
import { assertAllPushed, insertWanted, syncToEnd, tinyImages } from '../scale/image-rows.js';
import { withRealStage } from '../scale/real-stage.js';
import { entryOf } from '../scale/scale-entry.js';
import type { TinyImage } from '../scale/tiny-images.js';
import { writeToStorage } from '../scale/write-storage.js';
import { countOf } from '../scenario.js';
import type { Goal, Scenario } from '../scenario.js';

const mostMorePercent = 5;

interface Copied {
  readonly account: Account;
  readonly kills: number;
  /** Of images on a target: their tags were put more than once. */
  readonly putAgain: number;
}

export const scaleKilled: Scenario = {
  name: 'scale-killed',
  async run(settings) {
    const images = tinyImages(countOf(settings, { small: 300, full: 10_000 }));
    const killEveryMs = settings.images === 'full' ? 60_000 : 20_000;
    const undisturbed = await copyAll(images);
    const killed = await copyAll(images, killEveryMs);
    const accounts = [
      { name: 'undisturbed', account: undisturbed.account },
      { name: `${killed.kills} times SIGKILL for the worker`, account: killed.account },
    ];
    return {
      title: `${images.length} new images with a worker that is killed every ${killEveryMs / 1000} s`,
      setting: 'Images of a few kilobytes, two targets. All of them are verified at the end.',
      entries: accounts.map(({ name, account }) => entryOf(name, account)),
      table: accountTable(accounts),
      goals: [
        pushedOnce(killed),
        countsWithin('source', undisturbed.account.sourceRequests, killed.account.sourceRequests),
        countsWithin('targets', undisturbed.account.targetRequests, killed.account.targetRequests),
        memoryAtMost(300, undisturbed.account),
      ],
      notes: accounts.map(({ name, account }) => accountNote(name, account)),
    };
  },
};

async function copyAll(images: readonly TinyImage[], killEveryMs?: number): Promise<Copied> {
  return await withRealStage({}, async (stage) => {
    const { source, targets } = stage.registries;
    writeToStorage(source.storagePath, images);
    const fleet = await stage.start();
    await insertWanted(stage, images);
    let kills = 0;
    const account = await accountOf(stage, images.length, async () => {
      const killing =
        killEveryMs === undefined
          ? undefined
          : setInterval(() => {
              if (fleet.killWorker()) kills += 1;
            }, killEveryMs);
      try {
        await syncToEnd(stage);
      } finally {
        clearInterval(killing);
      }
    });
    await assertAllPushed(stage, images.length);
    let putAgain = 0;
    for (const target of targets) putAgain += tagsPutAgain(await target.requests());
    return { account, kills, putAgain };
  });
}

function tagsPutAgain(requests: readonly { readonly method: string; readonly path: string }[]): number {
  const puts = requests.filter(
    ({ method, path }) => method === 'PUT' && path.includes('/manifests/') && !path.includes('/manifests/sha256:'),
  );
  return puts.length - new Set(puts.map(({ path }) => path)).size;
}

function pushedOnce({ putAgain }: Copied): Goal {
  return { text: 'no tag is put twice', found: `${putAgain} again`, met: putAgain === 0 };
}

function countsWithin(where: string, before: RequestCounts, after: RequestCounts): Goal {
  const total = (counts: RequestCounts): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
  const more = (total(after) / total(before) - 1) * 100;
  return {
    text: `at most ${mostMorePercent} % more requests at the ${where} than undisturbed`,
    found: `${more.toFixed(1)} %`,
    met: more <= mostMorePercent,
  };
}
