/** The part of a registry that is needed: the tags of a repository, in no particular order. */
export interface TagLister {
  listTags(
    repository: { readonly host: string; readonly path: string },
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly string[]>;
}
