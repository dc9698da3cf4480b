import type { Digest } from './digest.js';

/** A canonical image reference: Docker Hub's aliases and `library/` expanded, host in lower case. */
export interface ImageReference {
  /** Registry with port: `docker.io`, `ghcr.io`, `localhost:5000`. */
  readonly host: string;
  /** Repository without the host: `library/nginx`. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}
