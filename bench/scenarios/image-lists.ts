import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { pushImage } from '../../demo/image-exchange.js';
import type { MadeManifest } from '../../demo/make-images.js';
import { ferryCopy, findRegsync } from '../contestants.js';
import type { Work } from '../contestants.js';
import type { Registries } from '../registries.js';

export interface ListedImage {
  readonly repository: string;
  readonly tag: string;
  readonly made: MadeManifest;
}

/** A way to bring a list of images, each to every target under its own name. */
export interface ListContestant {
  readonly name: string;
  readonly work: Work;
  /** Where more would take too long. */
  readonly mostRounds?: number;
}

/** The concurrency of `ferry copy --file`. regsync runs with the same one, so that neither has an advantage. */
const imagesAtOnce = 16;

/** The ferry and regsync, each with a list in its own form. */
export function listContestants(
  { source, targets, folder }: Registries,
  images: readonly ListedImage[],
): readonly ListContestant[] {
  const list = join(folder, 'images.txt');
  writeFileSync(list, images.map(({ repository, tag }) => `${source.host}/${repository}:${tag}\n`).join(''));
  const own: ListContestant = {
    name: `ferry copy --file (Node ${process.versions.node})`,
    work: { invocations: [ferryCopy(['--file', list, ...targets.map(({ host }) => host)])], atOnce: 1 },
  };
  const regsync = findRegsync();
  if (regsync === undefined) return [own];

  const configuration = join(folder, 'regsync.yml');
  // JSON is YAML, too.
  const text = JSON.stringify({
    version: 1,
    creds: [source, ...targets].map(({ host }) => ({ registry: host, tls: 'disabled', reqConcurrent: imagesAtOnce })),
    defaults: { parallel: imagesAtOnce },
    sync: images.flatMap(({ repository, tag }) =>
      targets.map(({ host }) => ({
        source: `${source.host}/${repository}:${tag}`,
        target: `${host}/${repository}:${tag}`,
        type: 'image',
      })),
    ),
  });
  writeFileSync(configuration, text);
  return [own, { name: regsync.name, work: { invocations: [regsync.run(configuration)], atOnce: 1 } }];
}

/** Puts every image of the list into a registry, a few at a time. */
export async function pushAll(registry: Registries['source'], images: readonly ListedImage[]): Promise<void> {
  const queue = [...images];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { made, repository, tag } = next;
      await pushImage(registry, { image: made, repository, tag });
    }
  };
  await Promise.all(Array.from({ length: imagesAtOnce }, worker));
}
