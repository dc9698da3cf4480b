import {
  cancelUpload,
  checkContents,
  copyImage,
  hasSameContent,
  headManifest,
  headSource,
  lookAtTag,
  planCopy,
  reachRegistry,
} from '@image-ferry/registry';
import type { RegistryClient, RepositoryRef } from '@image-ferry/registry';

import type { CopyEngine, TagRef } from '../planning/engine-ports.js';

/** The copy engine in the form that activities use: its functions bound to one registry client. */
export function createCopyEngine(client: RegistryClient): CopyEngine {
  return {
    resolve: async (source, options) => await headSource(client, source, options),
    plan: async (request, options) => await planCopy(client, request, options),
    copy: async (request, options) => await copyImage(client, request, options),
    head: async (tag, options) => await headManifest(client, repoOf(tag), tag.tag, options),
    reach: async (host, { signal }) => {
      await reachRegistry(client, host, { side: 'target', authorized: false, signal });
    },
    look: async (tag, options) => await lookAtTag(client, repoOf(tag), tag.tag, options),
    contents: async (tag, digest, options) => await checkContents(client, repoOf(tag), digest, options),
    sourceContents: async ({ host, path: repository, digest }, options) =>
      await checkContents(client, { side: 'source', host, repository }, digest, options),
    cancelUpload: async (record, options) => await cancelUpload(client, record, options),
    isSame: async (request, { tag, contents }, options) =>
      await hasSameContent(client, request, { repo: repoOf(tag), contents }, options),
  };
}

function repoOf({ target, host, repository }: Omit<TagRef, 'tag'>): RepositoryRef {
  return { side: 'target', name: target, host, repository };
}
