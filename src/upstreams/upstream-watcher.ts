import type { UpstreamFinding } from '../domain/upstream-finding.js';
import type { Upstream } from '../domain/upstream.js';
import type { GitHub } from './github.js';
import { lookAtCompose } from './look-at-compose.js';
import { lookAtRelease } from './look-at-release.js';
import { lookAtTags } from './look-at-tags.js';
import type { LookOptions } from './look-options.js';
import type { TagLister } from './tag-lister.js';

/** Looks at upstreams of every kind. */
export interface UpstreamWatcher {
  /** @throws FerryError: `wait` and `retry` pass by themselves, `park` needs a person */
  look(upstream: Upstream, options?: LookOptions): Promise<UpstreamFinding>;
}

export function createUpstreamWatcher({
  github,
  registries,
}: {
  readonly github: GitHub;
  readonly registries: TagLister;
}): UpstreamWatcher {
  return {
    async look(upstream, options = {}) {
      switch (upstream.kind) {
        case 'compose':
          return await lookAtCompose(github, upstream, options);
        case 'release':
          return await lookAtRelease(github, upstream, options);
        case 'tags':
          return await lookAtTags(registries, upstream, options);
        default:
          return upstream satisfies never;
      }
    },
  };
}
