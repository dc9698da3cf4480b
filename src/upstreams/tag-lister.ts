/** What of a registry is needed: the tags of a repository, in no order that means anything. */
export interface TagLister {
  listTags(
    repository: { readonly host: string; readonly path: string },
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly string[]>;
}
