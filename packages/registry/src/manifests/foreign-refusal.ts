import type { RequiredManifest } from './required-manifests.js';
import type { RepositoryRef } from '../repository-ref.js';
import { RegistryFault } from '../registry-errors.js';

/** Distribution names layers that live elsewhere among the unknown ones when it is not configured to allow them. */
export function wantsForeignLayer(error: unknown, { foreign }: Pick<RequiredManifest, 'foreign'>): boolean {
  if (!(error instanceof RegistryFault)) return false;
  return foreign.some((digest) => error.diagnostics.some(({ message }) => message.includes(digest)));
}

export function foreignRefused(cause: unknown, repo: RepositoryRef): RegistryFault {
  const message =
    'it does not take images with layers that live elsewhere (foreign layers, of older Windows images); allow their addresses there (distribution: validation.manifests.urls.allow)';
  return new RegistryFault(message, { repo, code: 'manifest-refused', decision: 'block', cause });
}
