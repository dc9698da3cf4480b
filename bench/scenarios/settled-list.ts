import { makeImage } from '../../demo/make-images.js';
import { timesFaster } from '../goals.js';
import { measure } from '../measure.js';
import { sayRun } from '../progress.js';
import { withRegistries } from '../registries.js';
import type { Registries } from '../registries.js';
import type { Goal, Run, Scenario } from '../scenario.js';
import { median, shuffled } from '../statistics.js';
import { listContestants, pushAll } from './image-lists.js';

const count = 1000;
const repositories = 100;
const mostRequests = 2;

export const settledList: Scenario = {
  name: 'settled',
  async run({ attempts, scale }) {
    const images = await Promise.all(
      Array.from({ length: Math.ceil(count * scale) }, async (_, n) => ({
        repository: `team/app-${n % repositories}`,
        tag: `v${n}`,
        made: await makeImage({ name: `settled-${n}`, layers: [1000] }),
      })),
    );
    const entries = await withRegistries({ targets: 1 }, async (registries) => {
      await pushAll(registries.source, images);
      for (const target of registries.targets) await pushAll(target, images);
      const contestants = listContestants(registries, images);
      const runs = contestants.map(({ name }) => ({ name, runs: [] as Run[] }));
      for (let attempt = 0; attempt < attempts; attempt++) {
        for (const [position, { name, work }] of shuffled([...contestants.entries()])) {
          const before = await requestCount(registries);
          const measured = await measure(work.invocations, work);
          sayRun(name, attempt, measured);
          const requestsPerImage = ((await requestCount(registries)) - before) / images.length;
          runs[position]?.runs.push({ ...measured, requestsPerImage });
        }
      }
      return runs;
    });
    return {
      title: `${images.length} images that are there already`,
      setting: `${images.length} tags in ${repositories} repositories, plain HTTP, one target that has them all.`,
      entries,
      goals: [timesFaster(1, entries), fewRequests(entries[0]?.runs ?? [])],
    };
  },
};

function fewRequests(runs: readonly Run[]): Goal {
  const found = median(runs.map(({ requestsPerImage = Number.NaN }) => requestsPerImage));
  return {
    text: `no more than ${mostRequests} requests for each image`,
    found: found.toFixed(2),
    // The first request to each registry asks whether it speaks TLS and what authorization it wants.
    met: Math.round(found * 10) / 10 <= mostRequests,
  };
}

async function requestCount({ source, targets }: Registries): Promise<number> {
  const logs = await Promise.all([source, ...targets].map((server) => server.requests()));
  return logs.flat().length;
}
