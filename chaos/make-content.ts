import { makeImage, makeIndex } from '../demo/make-images.js';
import type { MadeManifest } from '../demo/make-images.js';
import type { PlannedContent, PlannedImage } from './plan/plan-images.js';

/** Makes the images of a plan: for each the content of every version. */
export async function makeContent(
  images: readonly PlannedImage[],
): Promise<ReadonlyMap<PlannedImage, readonly MadeManifest[]>> {
  const made = new Map<PlannedImage, readonly MadeManifest[]>();
  for (const image of images) {
    const versions: MadeManifest[] = [];
    for (const version of image.versions) versions.push(await makeVersion(version));
    made.set(image, versions);
  }
  return made;
}

async function makeVersion({ name, platforms }: PlannedContent): Promise<MadeManifest> {
  const images: MadeManifest[] = [];
  for (const { platform, layers } of platforms) images.push(await makeImage({ name, platform, layers }));
  const [only] = images;
  return images.length === 1 && only !== undefined ? only : makeIndex(images);
}
