import { blobOf, makeLayer, sha256 } from '../../demo/make-blob.js';
import type { MadeBlob } from '../../demo/make-blob.js';
import type { MadeManifest } from '../../demo/make-images.js';
import { findPeers } from '../contestants.js';
import { timesFaster } from '../goals.js';
import { measure } from '../measure.js';
import { sayRun } from '../progress.js';
import { blobBytesSent, empty, verifyArrival, withRegistries } from '../registries.js';
import type { Registries } from '../registries.js';
import type { Run, Scenario } from '../scenario.js';
import { shuffled } from '../statistics.js';
import { listContestants, pushAll } from './image-lists.js';
import type { ListContestant, ListedImage } from './image-lists.js';

const count = 200;
const bases = 5;
const baseLayers = 8;
const ownLayers = 4;
const layerBytes = 100_000;
const copiesAtOnce = 4;

export const manySmall: Scenario = {
  name: 'many-small',
  async run({ attempts, scale }) {
    const images = await makeFamily(Math.ceil(count * scale));
    const entries = await withRegistries({ targets: 2 }, async (registries) => {
      await pushAll(registries.source, images);
      const contestants = [...listContestants(registries, images), ...loops(registries, images)];
      const runs = contestants.map(({ name }) => ({ name, runs: [] as Run[] }));
      for (let attempt = 0; attempt < attempts; attempt++) {
        for (const [position, { name, work, mostRounds = attempts }] of shuffled([...contestants.entries()])) {
          if (attempt >= mostRounds) continue;
          for (const target of registries.targets) empty(target);
          const before = await blobBytesSent(registries.source);
          const measured = await measure(work.invocations, work);
          sayRun(name, attempt, measured);
          await verifySome(registries, images, name);
          runs[position]?.runs.push({ ...measured, sourceBytes: (await blobBytesSent(registries.source)) - before });
        }
      }
      return runs;
    });
    return {
      title: `${images.length} small images with shared bases`,
      setting: `${baseLayers + ownLayers} layers of ${layerBytes / 1000} kB each, ${baseLayers} of them from one of ${bases} bases, plain HTTP, two targets; the copiers of one image run ${images.length * 2} times, ${copiesAtOnce} at a time, and that once.`,
      entries,
      goals: [timesFaster(1.3, entries)],
    };
  },
};

/** Copiers of one image get the list from a shell loop. A process for each image takes a minute: one attempt. */
function loops({ source, targets }: Registries, images: readonly ListedImage[]): readonly ListContestant[] {
  return findPeers().map(({ name, version, copy }) => ({
    name: `${name} ${version}, ${copiesAtOnce} at a time`,
    mostRounds: 1,
    work: {
      atOnce: copiesAtOnce,
      invocations: images.flatMap(({ repository, tag }) =>
        targets.map(({ host }) => copy(`${source.host}/${repository}:${tag}`, `${host}/${repository}:${tag}`)),
      ),
    },
  }));
}

async function verifySome({ targets }: Registries, images: readonly ListedImage[], by: string): Promise<void> {
  for (const target of targets) {
    for (const { made, repository, tag } of [images[0], images.at(-1)].filter((image) => image !== undefined)) {
      await verifyArrival(target, { image: made, repository, tag, by });
    }
  }
}

async function makeFamily(size: number): Promise<readonly ListedImage[]> {
  const layersOf = async (name: string, layers: number): Promise<MadeBlob[]> =>
    Promise.all(Array.from({ length: layers }, (_, n) => makeLayer(`${name}-${n}`, layerBytes)));
  const families = await Promise.all(Array.from({ length: bases }, (_, n) => layersOf(`base-${n}`, baseLayers)));
  const images: ListedImage[] = [];
  for (let n = 0; n < size; n++) {
    const layers = [...(families[n % bases] ?? []), ...(await layersOf(`small-${n}`, ownLayers))];
    images.push({ repository: `team/small-${n}`, tag: 'v1', made: imageOf(`small-${n}`, layers) });
  }
  return images;
}

function imageOf(name: string, layers: readonly MadeBlob[]): MadeManifest {
  const config = blobOf(
    Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        config: { Labels: { name } },
        rootfs: { type: 'layers', diff_ids: [] },
      }),
    ),
  );
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const describe = (type: string, { digest, size }: MadeBlob): object => ({ mediaType: type, digest, size });
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: describe('application/vnd.oci.image.config.v1+json', config),
      layers: layers.map((layer) => describe('application/vnd.oci.image.layer.v1.tar+gzip', layer)),
    }),
  );
  return { mediaType, digest: sha256(bytes), bytes, blobs: [config, ...layers], children: [], platform: 'linux/amd64' };
}
