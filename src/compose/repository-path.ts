/** Paths in a repository: with slashes, without a leading one; the root is ''. */

export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** @returns '' for the root and for paths outside the repository: an absolute path, a URL, too many `..` */
export function joinPath(folder: string, relative: string): string {
  if (/^(?:\/|~|[a-z][a-z0-9+.-]*:|git@)/i.test(relative)) return '';
  const parts = folder === '' ? [] : folder.split('/');
  for (const part of relative.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return '';
  }
  return parts.join('/');
}
