import type { ChartPrograms } from '../discovery/chart-programs.js';
import type { UpstreamFinding } from '../domain/upstream-finding.js';
import type { Upstream } from '../domain/upstream.js';
import { checkCompose } from './check-compose.js';
import { checkHelm } from './check-helm.js';
import { checkKubernetes } from './check-kubernetes.js';
import type { UpstreamCheckOptions } from './check-options.js';
import { checkRelease } from './check-release.js';
import { checkTags } from './check-tags.js';
import type { GitHub } from './github.js';
import type { TagLister } from './tag-lister.js';

/** Checks upstreams of every kind. */
export interface UpstreamWatcher {
  /** @throws FerryError: `wait` and `retry` are temporary, `block` needs a person */
  check(upstream: Upstream, options?: UpstreamCheckOptions): Promise<UpstreamFinding>;
}

export function createUpstreamWatcher({
  github,
  registries,
  programs,
}: {
  readonly github: GitHub;
  readonly registries: TagLister;
  /** Render charts. */
  readonly programs: ChartPrograms;
}): UpstreamWatcher {
  return {
    async check(upstream, options = {}) {
      switch (upstream.kind) {
        case 'compose':
          return await checkCompose(github, upstream, options);
        case 'kubernetes':
          return await checkKubernetes(github, upstream, options);
        case 'helm':
          return await checkHelm(github, upstream, options, programs);
        case 'release':
          return await checkRelease(github, upstream, options);
        case 'tags':
          return await checkTags(registries, upstream, options);
        default:
          return upstream satisfies never;
      }
    },
  };
}
