/** One well-known chart, set of manifests or compose file, and the images that it needs. */
export interface RecallItem {
  readonly name: string;
  /** `owner/name` on GitHub. */
  readonly repository: string;
  /** Tag or commit. */
  readonly ref: string;
  /** Paths in the repository that are passed to `ferry find`. */
  readonly paths: readonly string[];
  /** The folder with all files that they need; default: each path, or the folder of a file. */
  readonly folder?: string;
  /** Charts that the project's own release process puts into the chart. */
  readonly dependencies?: readonly Dependency[];
  /** What the project's own release process writes into files. */
  readonly replace?: readonly { readonly file: string; readonly from: string; readonly to: string }[];
  /** Values, as for `helm --set`. */
  readonly sets?: readonly string[];
  /** Images that it pulls with these values, also those that its operators start later. Checked by hand. */
  readonly expected: readonly string[];
  /** What the list was checked against. */
  readonly checkedBy: string;
  /** Why `ferry find` does not find some of them. */
  readonly missed?: Readonly<Record<string, string>>;
}

export interface Dependency {
  readonly repository: string;
  readonly ref: string;
  readonly path: string;
  /** Folder below the chart. */
  readonly to: string;
}
