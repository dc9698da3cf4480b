import type { Digest } from '@image-ferry/registry/digest';

import { DockerFault } from './docker-fault.js';
import { countLayers, pulledDigest, pushedDigest } from './docker-output.js';
import type { LayerCounts } from './docker-output.js';
import type { DockerSession } from './docker-session.js';
import type { DockerTarget, DockerTargetResult } from './docker-types.js';
import { inspectImage } from './inspect-image.js';
import { localRepository } from './local-repository.js';
import { pushManifestList } from './manifest-list.js';
import { platformFlag } from './pull-platforms.js';
import type { PulledImage } from './pull-platforms.js';

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const listType = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** `host/repository:tag` */
export function referenceOf({ host, repository, tag }: DockerTarget): string {
  return `${host}/${repository}:${tag}`;
}

/**
 * A tag for one platform's image of several, derived from its content: another push of the same tag means the same
 * image, and a registry with immutable tags accepts it again. Docker cannot push without a tag.
 */
export function partName({ host, repository }: DockerTarget, { id }: PulledImage): string {
  return `${localRepository(host, repository)}:ferry-${id.replace(/^sha256:/, '').slice(0, 16)}`;
}

/**
 * Pushes the images under the target's tag, one image directly, several as a manifest list, and reads the tag back
 * through the daemon: it must point to what was pushed, and to the same configurations that were pulled.
 *
 * @throws DockerFault of the target
 */
export async function pushImage(
  session: DockerSession,
  target: DockerTarget,
  images: readonly PulledImage[],
): Promise<DockerTargetResult> {
  const name = `${localRepository(target.host, target.repository)}:${target.tag}`;
  session.names.will(name);
  const [only] = images;
  const isSingle = images.length === 1 && only !== undefined;
  const pushed = isSingle ? [await pushAs(session, target, only, name)] : await pushParts(session, target, images);
  const digests = pushed.map(({ digest }) => digest);
  const digest = isSingle ? digests[0] : await pushManifestList(session, target, digests);
  if (digest === undefined) throw new TypeError('there is always an image to push');
  for (const image of images) await readBack(session, target, { name, image, digest, isSingle });
  const notes = [...new Set(images.flatMap(({ note }) => note ?? []))];
  return {
    target: target.name,
    reference: referenceOf(target),
    digest,
    mediaType: isSingle ? manifestType : listType,
    platforms: pushed.map(({ image, digest: own }) => ({ platform: image.platform, digest: own, size: image.size })),
    ...sum(pushed.map(({ layers }) => layers)),
    ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
  };
}

interface Pushed {
  readonly image: PulledImage;
  readonly digest: Digest;
  readonly layers: LayerCounts;
}

async function pushParts(
  session: DockerSession,
  target: DockerTarget,
  images: readonly PulledImage[],
): Promise<readonly Pushed[]> {
  const pushed: Pushed[] = [];
  for (const image of images) pushed.push(await pushAs(session, target, image, partName(target, image)));
  return pushed;
}

async function pushAs(session: DockerSession, target: DockerTarget, image: PulledImage, name: string): Promise<Pushed> {
  session.names.will(name);
  await session.run(['tag', image.id, name], 'daemon');
  const lines = await session.transfer('push', [name], 'target');
  const digest = pushedDigest(lines);
  if (digest === undefined) {
    const message = `docker push ${name} printed no digest`;
    throw new DockerFault(message, { side: 'target', code: 'protocol', decision: 'block' });
  }
  session.names.will(`${localRepository(target.host, target.repository)}@${digest}`);
  return { image, digest, layers: countLayers(lines) };
}

async function readBack(
  session: DockerSession,
  target: DockerTarget,
  {
    name,
    image,
    digest,
    isSingle,
  }: {
    readonly name: string;
    readonly image: PulledImage;
    readonly digest: Digest;
    readonly isSingle: boolean;
  },
): Promise<void> {
  session.names.will(`${localRepository(target.host, target.repository)}@${digest}`);
  const lines = await session.transfer('pull', [...(isSingle ? [] : platformFlag(image.wanted)), name], 'target');
  const found = pulledDigest(lines);
  const { id } = await inspectImage(session, name);
  if (found === digest && id === image.id) return;
  const message = `the tag of ${referenceOf(target)} was set to ${digest}, but ${found === digest ? `a different ${image.platform} image` : (found ?? 'nothing')} was found; check whether another program writes to it`;
  throw new DockerFault(message, { side: 'target', code: 'target-corrupt', decision: 'retry' });
}

function sum(counts: readonly LayerCounts[]): LayerCounts {
  return counts.reduce((total, { pushedLayers, mountedLayers, presentLayers }) => ({
    pushedLayers: total.pushedLayers + pushedLayers,
    mountedLayers: total.mountedLayers + mountedLayers,
    presentLayers: total.presentLayers + presentLayers,
  }));
}
