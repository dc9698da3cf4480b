import type { CopyEngine } from '../activities/engine-ports.js';
import { copyImage } from '../registry/copy-image.js';
import { headManifest } from '../registry/manifests/head-manifest.js';
import { headSource } from '../registry/head-source.js';
import { planCopy } from '../registry/plan-copy.js';
import type { RegistryClient } from '../registry/registry-client.js';

/** The copy engine as activities know it: its functions over one registry client. */
export function createCopyEngine(client: RegistryClient): CopyEngine {
  return {
    resolve: async (source, options) => await headSource(client, source, options),
    plan: async (request, options) => await planCopy(client, request, options),
    copy: async (request, options) => await copyImage(client, request, options),
    head: async ({ target, host, repository, tag }, options) =>
      await headManifest(client, { side: 'target', name: target, host, repository }, tag, options),
  };
}
