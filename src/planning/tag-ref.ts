import { parseImageReference } from '@image-ferry/registry/reference';

import type { TagRef } from './engine-ports.js';

/** @param reference `host/repository:tag` on the target, as rows have it */
export function tagRefOf(target: string, reference: string): TagRef {
  const { host, path: repository, tag = 'latest' } = parseImageReference(reference);
  return { target, host, repository, tag };
}

/** `host/repository@digest`, from which a copy can be read. */
export function readableAt({ host, repository }: Pick<TagRef, 'host' | 'repository'>, digest: string): string {
  return `${host}/${repository}@${digest}`;
}
