import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { RequiredManifest } from './required-manifests.js';

/** Distribution reports layers at other addresses as unknown blobs, unless it is configured to allow them. */
export function wantsForeignLayer(error: unknown, { foreign }: Pick<RequiredManifest, 'foreign'>): boolean {
  if (!(error instanceof RegistryFault)) return false;
  return foreign.some((digest) => error.diagnostics.some(({ message }) => message.includes(digest)));
}

export function foreignRefused(cause: unknown, repo: RepositoryRef): RegistryFault {
  const message =
    'it does not take images with layers that live elsewhere (foreign layers, of older Windows images); allow their addresses there (distribution: validation.manifests.urls.allow)';
  return new RegistryFault(message, { repo, code: 'manifest-refused', decision: 'block', cause });
}
