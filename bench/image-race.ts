import { pushImage } from '../demo/image-exchange.js';
import { makeImage } from '../demo/make-images.js';
import type { MadeManifest } from '../demo/make-images.js';
import type { Contestant, Route } from './contestants.js';
import { measure } from './measure.js';
import { sayRun } from './progress.js';
import { blobBytesSent, empty, verifyArrival } from './registries.js';
import type { Registries } from './registries.js';
import type { Entry, Run } from './scenario.js';
import { megabyte, shuffled, sum } from './statistics.js';

const layerMegabytes = [20, 20, 20, 40, 60, 100, 150, 200];
const repository = 'bench/image';
const tag = 'v1';

/** The image of most scenarios: eight layers, 610 MB at full size. */
export async function largeImage(scale: number): Promise<MadeManifest> {
  return makeImage({ name: 'bench', layers: layerMegabytes.map((size) => Math.round(size * megabyte * scale)) });
}

export function bytesOf({ blobs }: MadeManifest): number {
  return sum(blobs.map(({ size }) => size));
}

export interface RaceOptions {
  readonly image: MadeManifest;
  readonly attempts: number;
  /** Hosts in place of the registries' own: slow links to them. */
  readonly sourceHost?: string;
  readonly targetHosts?: readonly string[];
  /** Ends the clock of a run when the first target's reference is said to be done; only that target is looked at. */
  readonly untilFirstTarget?: boolean;
}

/** Every contestant brings one image from the source to all targets, in a new order each attempt. */
export async function race(
  registries: Registries,
  contestants: readonly Contestant[],
  { image, attempts, sourceHost, targetHosts, untilFirstTarget = false }: RaceOptions,
): Promise<readonly Entry[]> {
  const { source, targets, caFile } = registries;
  await pushImage(source, { image, repository, tag });
  const hosts = targetHosts ?? targets.map(({ host }) => host);
  const route: Route = {
    source: `${sourceHost ?? source.host}/${repository}:${tag}`,
    targets: hosts.map((host) => `${host}/${repository}:${tag}`),
    ...(caFile === undefined ? {} : { caFile }),
  };
  const until = untilFirstTarget ? { until: `done: ${route.targets[0]}` } : {};
  const runs = new Map<Contestant, Run[]>(contestants.map((contestant) => [contestant, []]));
  for (let attempt = 0; attempt < attempts; attempt++) {
    for (const contestant of shuffled(contestants)) {
      if (attempt >= (contestant.mostRounds ?? attempts)) continue;
      for (const target of targets) empty(target);
      const before = await blobBytesSent(source);
      const { invocations, atOnce } = contestant.work(route);
      const measured = await measure(invocations, { atOnce, ...until });
      sayRun(contestant.name, attempt, measured);
      for (const target of untilFirstTarget ? targets.slice(0, 1) : targets) {
        await verifyArrival(target, { image, repository, tag, by: contestant.name });
      }
      runs.get(contestant)?.push({ ...measured, sourceBytes: (await blobBytesSent(source)) - before });
    }
  }
  return contestants.map((contestant) => ({ name: contestant.name, runs: runs.get(contestant) ?? [] }));
}
