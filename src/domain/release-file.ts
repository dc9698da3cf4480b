/** What a release of an upstream consists of, so that files with mirrored names can be written for it later. */
export interface ReleaseFile {
  /** The release's tag. */
  readonly release: string;
  /** The compose file as the project published it; absent for an upstream without one. */
  readonly compose?: { readonly path: string; readonly text: string } | undefined;
  /** Canonical images of the services that the upstream wants, with variables replaced. */
  readonly images: readonly { readonly service: string; readonly image: string }[];
}

/** A stored one. */
export interface StoredRelease extends ReleaseFile {
  /** UTC ms. */
  readonly storedAt: number;
}

/** The word for the newest release. */
export const latestRelease = 'latest';
