import { parseImageReference } from '@image-ferry/registry/reference';

import { MirrorIndex } from '../../src/consumers/mirror-index.js';
import type { MirrorIndexOptions } from '../../src/consumers/mirror-index.js';
import { MirroredState } from '../../src/domain/mirrored-image.js';
import type { MirroredCopy, MirroredImage } from '../../src/domain/mirrored-image.js';

export const registry = 'registry.cn-hangzhou.aliyuncs.com';
export const digestA = `sha256:${'a'.repeat(64)}`;
export const digestB = `sha256:${'b'.repeat(64)}`;

/** An image on the target `aliyun`, by default with the last part of its path in the namespace `mirror`. */
export function mirrored(image: string, changes: Partial<MirroredCopy> = {}): MirroredImage {
  const reference = parseImageReference(image);
  return {
    image,
    copies: [
      {
        target: 'aliyun',
        registry,
        repository: `mirror/${reference.path.split('/').at(-1) ?? ''}`,
        tag: reference.tag ?? 'digest-0',
        digest: digestA,
        sourceDigest: digestA,
        platforms: ['linux/amd64'],
        since: 1,
        verifiedAt: 1,
        state: MirroredState.current,
        ...changes,
      },
    ],
  };
}

export function indexOf(images: readonly MirroredImage[], changes: Partial<MirrorIndexOptions> = {}): MirrorIndex {
  return new MirrorIndex(images, {
    target: 'aliyun',
    hostOf: (host) => host,
    hosts: [registry],
    pinned: false,
    ...changes,
  });
}
