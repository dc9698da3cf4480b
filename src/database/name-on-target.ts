/** Names on targets in `pushed_images`. */
import { canonicalHost } from '@image-ferry/registry/reference';

/** A name on a target, in canonical form. */
export interface NameOnTarget {
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
}

export function printName({ host, repository, tag }: NameOnTarget): string {
  return `${host}/${repository}:${tag}`;
}

/** Parses a name as older scripts wrote it: with or without `https://`, with or without the host in the image name. */
export function nameOnTarget(row: {
  readonly target_registry_url: string | null;
  readonly registry_image_name: string | null;
}): NameOnTarget | undefined {
  const registry = withoutScheme(row.target_registry_url);
  const slash = registry.indexOf('/');
  const registryHost = canonicalHost(slash < 0 ? registry : registry.slice(0, slash));
  const name = withoutScheme(row.registry_image_name).replace(/@.*$/, '');
  const first = name.split('/', 1)[0] ?? '';
  const hasHost = name.includes('/') && (/[.:]/.test(first) || first === 'localhost' || first === registryHost);
  const host = hasHost ? canonicalHost(first) : registryHost;
  const path = hasHost ? name.slice(first.length + 1) : name;
  const colon = path.indexOf(':', path.lastIndexOf('/') + 1);
  const repository = colon < 0 ? path : path.slice(0, colon);
  const tag = colon < 0 ? '' : path.slice(colon + 1);
  return host === '' || repository === '' ? undefined : { host, repository, tag: tag === '' ? 'latest' : tag };
}

function withoutScheme(column: string | null): string {
  return (column ?? '')
    .trim()
    .replace(/^https?:\/\//i, '')
    .replace(/^\/+|\/+$/g, '');
}
