import { parseImageReference } from '@image-ferry/registry/reference';

import { selectTags } from '../domain/tag-rules.js';
import type { ImageChange, UpstreamFinding } from '../domain/upstream-finding.js';
import type { TagsUpstream } from '../domain/upstream.js';
import type { UpstreamCheckOptions } from './check-options.js';
import type { TagLister } from './tag-lister.js';
import { UpstreamFault } from './upstream-fault.js';

/**
 * The tags of a registry's repository that match the rules. If none matches, it is an error: a rule with a mistake must
 * not look like a success.
 */
export async function checkTags(
  registries: TagLister,
  { image, rules }: TagsUpstream,
  { signal }: UpstreamCheckOptions,
): Promise<UpstreamFinding> {
  const { host, path } = parseImageReference(image);
  const tags = await registries.listTags({ host, path }, { signal });
  const { selected, skipped } = selectTags(tags, rules);
  const [newest] = selected;
  if (newest === undefined) {
    throw new UpstreamFault(
      `none of the ${tags.length} tags of ${image} matches the rules, for example ${tags.slice(0, 3).join(', ') || 'none'}: check match, range and deny`,
      { code: 'upstream-format', decision: 'block' },
    );
  }
  const added = selected.map((tag): ImageChange => ({ image: `${host}/${path}:${tag}`, services: [], newTag: tag }));
  return {
    release: newest,
    isNew: true,
    added,
    changed: [],
    removed: [],
    unchanged: 0,
    services: [],
    wanted: added.map(({ image: found, newTag }) => ({ image: found, newTag })),
    skipped,
    notes: [],
  };
}
