import { setTimeout as sleep } from 'node:timers/promises';

import { bigRepository } from './demo-images.js';
import type { DemoImage } from './demo-images.js';
import type { FerryUpProcess } from './ferry-process.js';
import { hasBlob } from './image-exchange.js';
import type { MadeBlob } from './make-blob.js';
import { aliyunNamespace, targetNames } from './stage.js';
import type { Stage, TargetName } from './stage.js';

const layersBeforeCrash = 2;
const waitMs = 60_000;

/** What the killed worker had finished. */
export interface Crash {
  readonly killedPid: number;
  /** Layers of the big image that were whole on each target. */
  readonly complete: Readonly<Record<TargetName, readonly MadeBlob[]>>;
}

/** Repository of the big image on each target. */
export const bigOnTarget: Readonly<Record<TargetName, string>> = {
  aliyun: `${aliyunNamespace}/big`,
  private: bigRepository,
};

/** Waits until both targets have two layers of the big image, and kills the worker there and then, as a power cut would. */
export async function crashDuringBigImage(stage: Stage, up: FerryUpProcess, big: DemoImage): Promise<Crash> {
  const [, ...layers] = big.made.blobs;
  const deadline = Date.now() + waitMs;
  for (;;) {
    const before = await completeLayers(stage, layers);
    if (targetNames.every((target) => before[target].length >= layersBeforeCrash)) break;
    if (Date.now() > deadline)
      throw new Error(`no second layer of ${big.repository} arrived within ${waitMs / 1000} s`);
    await sleep(20);
  }
  const killedPid = up.workerPid();
  process.kill(killedPid, 'SIGKILL');
  const complete = await completeLayers(stage, layers);
  if (targetNames.every((target) => complete[target].length === layers.length)) {
    throw new Error(`${big.repository} was copied whole before the worker could be killed`);
  }
  return { killedPid, complete };
}

async function completeLayers(stage: Stage, layers: readonly MadeBlob[]): Promise<Record<TargetName, MadeBlob[]>> {
  const on = async (target: TargetName): Promise<MadeBlob[]> => {
    const there = await Promise.all(
      layers.map(({ digest }) => hasBlob(stage.targets[target], bigOnTarget[target], digest)),
    );
    return layers.filter((_, n) => there[n]);
  };
  return { aliyun: await on('aliyun'), private: await on('private') };
}
