import { accountOf } from './account.js';
import type { Account } from './account.js';
import { assertAllPushed, insertWanted, syncToEnd } from './image-rows.js';
import { withRealStage } from './real-stage.js';
import type { RealOptions } from './real-stage.js';
import type { TinyImage } from './tiny-images.js';
import { writeToStorage } from './write-storage.js';

/** What a sync run spends on images that no target has, with real registries. @throws Error if one is not pushed */
export async function copyNewImages(images: readonly TinyImage[], options: RealOptions): Promise<Account> {
  return await withRealStage(options, async (stage) => {
    writeToStorage(stage.registries.source.storagePath, images);
    await stage.start();
    await insertWanted(stage, images);
    const measured = await accountOf(stage, images.length, async () => await syncToEnd(stage));
    await assertAllPushed(stage, images.length);
    return measured;
  });
}
