import type { UpstreamFinding } from '../domain/upstream-finding.js';
import type { FetchedImage, FetchResult } from './fetch-messages.js';

/** What users see of a check. */
export type ReportedFinding = Omit<FetchResult, 'upstream' | 'syncRequested'>;

const newOutcomes: ReadonlySet<FetchedImage['outcome']> = new Set(['added', 'renewed', 'refused']);

/**
 * What a check found, and what became of each image. Where there is no older release to compare with, as for tags of a
 * registry, only what the database did not have is reported as added.
 */
export function reportedFinding(finding: UpstreamFinding, wanted: readonly FetchedImage[]): ReportedFinding {
  const { wanted: _found, etag: _etag, ...reported } = excludeKnownImages(finding, wanted);
  return { ...reported, wanted };
}

function excludeKnownImages(finding: UpstreamFinding, wanted: readonly FetchedImage[]): UpstreamFinding {
  if (finding.previous !== undefined) return finding;
  const newImages = new Set(wanted.filter(({ outcome }) => newOutcomes.has(outcome)).map(({ image }) => image));
  const added = finding.added.filter(({ image }) => newImages.has(image));
  return { ...finding, added, unchanged: finding.unchanged + finding.added.length - added.length };
}
