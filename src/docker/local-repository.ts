import { dockerHub } from '@image-ferry/registry/reference';

/** A repository as docker lists it: Docker Hub's without the host, its official images without `library/`. */
export function localRepository(host: string, path: string): string {
  if (host !== dockerHub) return `${host}/${path}`;
  return path.startsWith('library/') ? path.slice('library/'.length) : path;
}
