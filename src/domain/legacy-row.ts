import { canonicalHost, looksLikeHost, parseImageReference } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import { InvalidInput } from './ferry-error.js';

/** The three columns of `images_for_push` that identify an image, as other programs write them. */
export interface ReferenceColumns {
  readonly source_registry_url: string | null;
  readonly orig_name_space: string | null;
  readonly orig_image_name: string | null;
}

/** The same columns as the ferry writes them. */
export interface CanonicalReferenceColumns {
  /** Registry: `docker.io`. */
  readonly source_registry_url: string;
  /** First component of the path; '' if it has only one. */
  readonly orig_name_space: string;
  /** The rest of the path, slashes included, with tag and digest. */
  readonly orig_image_name: string;
}

/**
 * referenceFromRow accepts all forms that older scripts and people wrote: `https://` and slashes around the host, NULL and
 * '' namespaces, Docker Hub with and without `library`, names without a tag, digests after the name.
 * @throws InvalidInput when the columns do not identify an image
 */
export function referenceFromRow(row: ReferenceColumns): ImageReference {
  const registry = registryOf(row.source_registry_url ?? '');
  const namespace = withoutSlashes(row.orig_name_space ?? '');
  const name = withoutSlashes(row.orig_image_name ?? '');
  if (name === '') {
    throw new InvalidInput(
      'the column orig_image_name is empty: it must contain the image, like "nginx:1.27"',
      'invalid-reference',
    );
  }
  return parseImageReference([registry, namespace, name].filter((part) => part !== '').join('/'));
}

/** The inverse: `referenceFromRow(rowFromReference(reference))` is `reference`. */
export function rowFromReference({ host, path, tag, digest }: ImageReference): CanonicalReferenceColumns {
  const slash = path.indexOf('/');
  const tagPart = tag === undefined ? '' : `:${tag}`;
  const digestPart = digest === undefined ? '' : `@${digest}`;
  return {
    source_registry_url: host,
    orig_name_space: slash < 0 ? '' : path.slice(0, slash),
    orig_image_name: `${path.slice(slash + 1)}${tagPart}${digestPart}`,
  };
}

function registryOf(column: string): string {
  // Docker's own configuration calls Docker Hub `https://index.docker.io/v1/`.
  const address = withoutSlashes(column.trim().replace(/^https?:\/\//i, '')).replace(/\/v[12]$/, '');
  if (address === '') return 'docker.io';
  const [host = '', ...path] = address.split('/');
  if (!looksLikeHost(host)) {
    throw new InvalidInput(
      `the column source_registry_url contains "${host.slice(0, 80)}", which is not a registry host: write it like "docker.io" or "registry.example.com:5000"`,
      'invalid-reference',
    );
  }
  // People write the name of Docker Hub's web site into the column.
  const registry = host.toLowerCase() === 'hub.docker.com' ? 'docker.io' : canonicalHost(host);
  return [registry, ...path].join('/');
}

function withoutSlashes(column: string): string {
  return column.trim().replace(/^\/+|\/+$/g, '');
}
