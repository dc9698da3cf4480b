import { bigOnTarget } from './crash.js';
import type { Crash } from './crash.js';
import { bigRepository, missingImage, namesakes } from './demo-images.js';
import type { DemoImage } from './demo-images.js';
import type { CommandResult } from './ferry-process.js';
import { blobsOf } from './make-images.js';
import { aliyunNamespace, targetNames } from './stage.js';
import type { Stage } from './stage.js';
import type { Finding } from './verify.js';
import type { PushedRow } from './wanted-rows.js';

/** Blobs this small are configurations: images share them, and each plan may read them for the platform. */
const configurationBytes = 2_000;

/**
 * A large blob may be read over several connections. One whose rest another one reads is closed, and what is on its way
 * then is lost.
 */
const dividedBytes = 16 * 1024 * 1024;
const onTheWayBytes = 4 * 1024 * 1024;

/** The kill may lose this much of a layer: what was hashed since its upload was recorded last, and what was on its way. */
const mostLostBytes = 2_000_000;

export interface ParkedImage {
  readonly image: string;
  readonly reason: string;
}

export interface DemoResult {
  readonly images: readonly DemoImage[];
  readonly findings: readonly Finding[];
  readonly rows: readonly PushedRow[];
  readonly blocked: readonly ParkedImage[];
  readonly crash: Crash;
  /** What `ferry sync --wait` ended with. */
  readonly sync: CommandResult;
  /** The worker after the crash. */
  readonly workerPid: number;
}

/** Everything that is not as the demo expects, a sentence each. */
export async function faultsOf(stage: Stage, result: DemoResult): Promise<readonly string[]> {
  const { findings, crash, sync, workerPid } = result;
  return [
    ...findings.flatMap(({ image, target, faults }) => faults.map((fault) => `${image} on ${target}: ${fault}`)),
    ...namesakeFaults(stage, result),
    ...(await resentLayers(stage, crash)),
    ...sourceFaults(stage, result),
    ...parkedFaults(stage, result),
    // Something was blocked: that is what the missing tag is there for.
    ...(sync.status === 1 ? [] : [`ferry sync --wait ended with ${sync.status}, expected 1:\n${sync.errors}`]),
    ...(workerPid === crash.killedPid ? ['ferry up started no other worker'] : []),
  ];
}

/** Of the two whose names fall together on Alibaba Cloud, one has the plain name. */
function namesakeFaults(stage: Stage, { rows }: DemoResult): string[] {
  const { host } = stage.targets.aliyun;
  const names = namesakes.map((repository) => `${host}/${aliyunNamespace}/${repository.split('/')[1]}:`);
  const plain = rows.filter(({ target, name }) => target === host && names.some((start) => name.startsWith(start)));
  return plain.length === 1 ? [] : [`${plain.length} of ${namesakes.join(' and ')} have the plain name, expected 1`];
}

/** Layers that were whole on a target when the worker was killed, and were sent there again all the same. */
async function resentLayers(stage: Stage, { complete }: Crash): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const target of targetNames) {
    const requests = await stage.targets[target].requests();
    const commits = requests
      .filter(({ method, path }) => method === 'PUT' && path.startsWith(`/v2/${bigOnTarget[target]}/blobs/`))
      .map(({ path }) => decodeURIComponent(path));
    for (const { digest } of complete[target]) {
      const times = commits.filter((path) => path.includes(digest)).length;
      if (times !== 1) faults.push(`${target}: ${bigRepository} ${digest} was sent ${times} times, expected once`);
    }
  }
  return faults;
}

/** One read feeds both targets; of a layer that was on its way when the worker was killed, little is read once more. */
function sourceFaults(stage: Stage, { images, crash }: DemoResult): string[] {
  const bytesRead = new Map(stage.proxy.reads().map(({ digest, bytes }) => [digest, bytes]));
  return images.flatMap(({ made, repository }) =>
    blobsOf(made)
      .filter(({ size }) => size > configurationBytes)
      .flatMap(({ digest, size }) => {
        const read = bytesRead.get(digest) ?? 0;
        const wasOnItsWay = crash.begun.has(digest) && !crash.arrived.has(digest);
        const most = size + (wasOnItsWay ? mostLostBytes : 0) + (size >= dividedBytes ? onTheWayBytes : 0);
        if (read >= size && read <= most) return [];
        return [`${read} bytes of ${repository} ${digest} were read from the source; it has ${size}`];
      }),
  );
}

function parkedFaults(stage: Stage, { blocked }: DemoResult): string[] {
  const expected = `${stage.proxy.host}/${missingImage.repository}:${missingImage.tag}`;
  const found = blocked.map(({ image }) => image);
  if (found.length === 1 && found[0] === expected) return [];
  return [`blocked are ${found.join(', ') || 'none'}, expected ${expected} alone`];
}
