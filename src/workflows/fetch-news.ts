import type { FetchedImage } from '../contract/fetch.js';
import type { UpstreamFinding } from '../domain/upstream-finding.js';

const isNews: ReadonlySet<FetchedImage['outcome']> = new Set(['added', 'renewed', 'refused']);

/**
 * Where there is no older release to compare with, as for tags of a registry, only what the database did not have is
 * added.
 */
export function besideRows(finding: UpstreamFinding, wanted: readonly FetchedImage[]): UpstreamFinding {
  if (finding.previous !== undefined) return finding;
  const news = new Set(wanted.filter(({ outcome }) => isNews.has(outcome)).map(({ image }) => image));
  const added = finding.added.filter(({ image }) => news.has(image));
  return { ...finding, added, unchanged: finding.unchanged + finding.added.length - added.length };
}
