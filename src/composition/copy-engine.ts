import type { CopyEngine, TagRef } from '../planning/engine-ports.js';
import { copyImage } from '../../packages/registry/src/copy-image.js';
import { headManifest } from '../../packages/registry/src/manifests/head-manifest.js';
import { headSource } from '../../packages/registry/src/head-source.js';
import { lookAtTag } from '../../packages/registry/src/look-at-tag.js';
import type { RepositoryRef } from '../../packages/registry/src/repository-ref.js';
import { planCopy } from '../../packages/registry/src/plan-copy.js';
import type { RegistryClient } from '../../packages/registry/src/registry-client.js';
import { hasSameContent } from '../../packages/registry/src/same-content.js';

/** The copy engine as activities know it: its functions over one registry client. */
export function createCopyEngine(client: RegistryClient): CopyEngine {
  return {
    resolve: async (source, options) => await headSource(client, source, options),
    plan: async (request, options) => await planCopy(client, request, options),
    copy: async (request, options) => await copyImage(client, request, options),
    head: async (tag, options) => await headManifest(client, placeOf(tag), tag.tag, options),
    look: async (tag, options) => await lookAtTag(client, placeOf(tag), tag.tag, options),
    isSame: async (request, { place, contents }, options) =>
      await hasSameContent(client, request, { repo: placeOf(place), contents }, options),
  };
}

function placeOf({ target, host, repository }: TagRef): RepositoryRef {
  return { side: 'target', name: target, host, repository };
}
