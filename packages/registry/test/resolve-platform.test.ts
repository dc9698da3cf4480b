import { expect, test } from 'vitest';

import { placeImage, placeIndex } from '../../../test/support/scripted-images.js';
import { clientFor, repository, sourceAndTarget } from '../../../test/support/scripted-set-up.js';
import { parseImageReference } from '../src/oci/image-reference.js';
import { parsePlatform } from '../src/oci/platform.js';
import { resolvePlatform } from '../src/resolve-platform.js';

async function published() {
  const [source] = await sourceAndTarget();
  const images = ['amd64', 'arm64'].map((architecture) =>
    placeImage(source, repository, { tag: architecture, architecture, layers: [Buffer.from(architecture)] }),
  );
  const index = placeIndex(source, repository, images);
  const resolve = async (reference: string, platform: string) =>
    await resolvePlatform(
      clientFor([source]),
      parseImageReference(`${source.host}/${repository}:${reference}`),
      parsePlatform(platform),
    );
  return { source, images, index, resolve };
}

test('a platform of an index is resolved to the digest of its own manifest', async () => {
  const { images, index, resolve } = await published();

  const found = await resolve('v1', 'linux/arm64');

  expect(found).toMatchObject({ digest: images[1]?.digest, root: index.digest, platform: { architecture: 'arm64' } });
});

test('the platform of an image without an index is read from its config', async () => {
  const { images, resolve } = await published();

  const found = await resolve('amd64', 'linux/amd64');

  expect(found).toMatchObject({ digest: images[0]?.digest, root: images[0]?.digest });
});

test('a platform that is not published is refused with the platforms that are', async () => {
  const { resolve } = await published();

  const resolving = resolve('v1', 'linux/s390x');

  await expect(resolving).rejects.toMatchObject({ code: 'platform-missing', decision: 'block' });
  await expect(resolving).rejects.toThrow('it offers linux/amd64, linux/arm64');
});

test('a platform of a tag that does not exist waits for the tag', async () => {
  const { resolve } = await published();

  await expect(resolve('v2', 'linux/amd64')).rejects.toMatchObject({ code: 'tag-missing', decision: 'wait' });
});
