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
  /** Digests of blobs, of any image, that were whole on both targets. */
  readonly arrived: ReadonlySet<string>;
  /** Digests of blobs of which something had been read. */
  readonly begun: ReadonlySet<string>;
}

/** Repository of the big image on each target. */
export const bigOnTarget: Readonly<Record<TargetName, string>> = {
  aliyun: `${aliyunNamespace}/big`,
  private: bigRepository,
};

/**
 * Waits until both targets have two layers of the big image, and kills the worker there and then, as a power cut would.
 * The largest layer is held back half-way meanwhile, so that the kill falls in the middle on every machine.
 */
export async function crashDuringBigImage(stage: Stage, up: FerryUpProcess, big: DemoImage): Promise<Crash> {
  const [, ...layers] = big.made.blobs;
  const [largest] = layers.toSorted((one, other) => other.size - one.size);
  if (largest === undefined) throw new Error(`${big.repository} has no layers`);
  const release = stage.proxy.holdBack(largest.digest, largest.size / 2);
  try {
    await untilLayersArrived(stage, layers);
    const killedPid = up.workerPid();
    process.kill(killedPid, 'SIGKILL');
    const complete = await completeLayers(stage, layers);
    const arrived = await arrivedOnBoth(stage);
    return { killedPid, complete, arrived, begun: new Set(stage.proxy.reads().map(({ digest }) => digest)) };
  } finally {
    release();
  }
}

async function untilLayersArrived(stage: Stage, layers: readonly MadeBlob[]): Promise<void> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const complete = await completeLayers(stage, layers);
    if (targetNames.every((target) => complete[target].length >= layersBeforeCrash)) return;
    if (Date.now() > deadline) throw new Error(`no second layer of the big image arrived within ${waitMs / 1000} s`);
    await sleep(20);
  }
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

async function arrivedOnBoth(stage: Stage): Promise<ReadonlySet<string>> {
  const [first, second] = await Promise.all([committed(stage, 'aliyun'), committed(stage, 'private')]);
  return new Set([...first].filter((digest) => second.has(digest)));
}

async function committed(stage: Stage, target: TargetName): Promise<ReadonlySet<string>> {
  const requests = await stage.targets[target].requests();
  return new Set(
    requests
      .filter(({ method, status }) => method === 'PUT' && status === 201)
      .flatMap(({ path }) => /[?&]digest=([^&]+)/.exec(path)?.[1] ?? [])
      .map((digest) => decodeURIComponent(digest)),
  );
}
