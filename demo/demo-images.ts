import { makeAttestation, makeImage, makeIndex } from './make-images.js';
import type { MadeManifest } from './make-images.js';

const megabyte = 1_000_000;

/** An image on the source, and how it is requested. */
export interface DemoImage {
  /** Path on the source. */
  readonly repository: string;
  readonly tag: string;
  readonly made: MadeManifest;
  /** Platforms wanted; `all` for the source's index as it is. */
  readonly platforms: readonly string[];
  /** `row`: inserted with SQL, as the older scripts do; `command`: `ferry add`; the others by themselves. */
  readonly askedBy: 'row' | 'command' | 'upstream' | 'webhook';
}

/** Wanted as the others are, but the source does not have the tag. */
export const missingImage = { repository: 'team/app', tag: '9.9', platform: 'linux/amd64' } as const;

/** The image during whose copy the worker is killed. */
export const bigRepository = 'data/big';

/** Their repositories have one name on Alibaba Cloud, where names have two parts only. */
export const namesakes = ['alpha/tool', 'beta/tool'] as const;

/** What the source holds: an image of each kind that the ferry treats differently. */
export async function makeDemoImages(): Promise<readonly DemoImage[]> {
  const app = await makeApp('app');
  const site = await makeApp('site');
  // About 100 MB, the layers unequal so that they end one after the other; the kill comes after the second.
  const big = await makeImage({
    name: 'big',
    layers: [10, 36, 14, 24, 16].map((size) => size * megabyte),
    format: 'docker',
  });
  const tools = await Promise.all(
    namesakes.map(async (repository) => ({
      repository,
      tag: '1',
      made: await makeImage({ name: repository, layers: [megabyte] }),
      platforms: ['linux/amd64'],
      askedBy: 'row' as const,
    })),
  );
  return [
    { repository: 'team/app', tag: '1.0', made: app, platforms: ['linux/amd64', 'linux/arm64'], askedBy: 'row' },
    { repository: 'team/site', tag: '2.0', made: site, platforms: ['all'], askedBy: 'command' },
    { repository: bigRepository, tag: '2026.1', made: big, platforms: ['linux/amd64'], askedBy: 'row' },
    ...tools,
  ];
}

/** An index over two platforms, with the attestations that builders put beside them, one in the old form, one in the new. */
async function makeApp(name: string): Promise<MadeManifest> {
  const amd64 = await makeImage({ name, layers: [2 * megabyte, megabyte], platform: 'linux/amd64' });
  const arm64 = await makeImage({ name, layers: [2 * megabyte], platform: 'linux/arm64' });
  return makeIndex([amd64, arm64, makeAttestation(amd64, 'image'), makeAttestation(arm64, 'artifact')], {
    annotations: { 'org.opencontainers.image.title': name },
  });
}
