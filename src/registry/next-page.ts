/**
 * The query of a list's next page, from its `Link` header. Only the query is taken: the next page is on the same registry
 * and of the same repository, whatever its answer says. What is in it is the registry's own (`last`, Quay's `next_page`).
 */
export function nextPageQuery(link: string | string[] | undefined): string | undefined {
  const text = [link ?? ''].flat().join(', ');
  const address = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(text)?.[1];
  return address === undefined ? undefined : /\?([^#]+)/.exec(address)?.[1];
}
