/** Files of upstreams' releases in which images have the names of a target. */
export interface ReleaseFiles {
  /** Names of the targets, if the release is stored. */
  targetsOf(upstream: string, release: string): Promise<readonly string[]>;
  /**
   * @param release a tag, or `latest`
   * @param target name of a target; absent: the only one
   */
  compose(upstream: string, release: string, target: string | undefined): Promise<ReleaseCompose>;
}

export type ReleaseCompose =
  | { readonly kind: 'file'; readonly release: string; readonly text: string }
  /** The release, or the target, is not known. */
  | { readonly kind: 'unknown'; readonly reason: string }
  /** Images are not on the target, or are defined in other files. */
  | { readonly kind: 'incomplete'; readonly reason: string };
