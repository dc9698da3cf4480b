const addressPattern = /[^<]*<([^>]*)>/y;
/** Some registries leave the angle brackets out of their only link. */
const bareAddressPattern = /^\s*([^\s<>;,]+)(?=\s*;)/;
const parameterPattern = /\s*;\s*([^\s=;,]*)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";,]*)))?/y;

/**
 * Reads the query of a list's next page from its `Link` header (RFC 8288). Only the query is taken: the next page is on
 * the same registry and of the same repository, whatever the answer says. The query itself is the registry's own
 * (`last`, Quay's `next_page`).
 */
export function nextPageQuery(link: string | string[] | undefined): string | undefined {
  const text = [link ?? ''].flat().join(', ').replace(bareAddressPattern, '<$1>');
  for (
    let at = 0, found = matchAt(addressPattern, text, at);
    found !== null;
    found = matchAt(addressPattern, text, at)
  ) {
    const [, address = ''] = found;
    at = addressPattern.lastIndex;
    let relations = '';
    for (let next = matchAt(parameterPattern, text, at); next !== null; next = matchAt(parameterPattern, text, at)) {
      const [, name = '', quoted, plain = ''] = next;
      at = parameterPattern.lastIndex;
      // Single quotes are no quotes in this header, but some registries use them as such.
      if (name.toLowerCase() === 'rel') relations = quoted ?? plain.replace(/^'(.*)'$/, '$1');
    }
    if (/(^|\s)next(\s|$)/i.test(relations)) return /\?([^#]+)/.exec(address)?.[1];
  }
  return undefined;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
