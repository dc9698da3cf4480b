import { FetchScope } from './upstream.js';
import type { Upstream } from './upstream.js';
import { VersionOrder } from './version-order.js';

const dailyMs = 24 * 60 * 60 * 1_000;

/**
 * The upstreams that every configuration has. To add one, add an entry here: everything else derives from its `name`,
 * `kind` and `schedule`. For `dify` that is the workflow type `FetchDify`, the schedule and the event type `fetch-dify`,
 * the workflow files whose name contains `dify`, `ferry fetch dify`, and the key `upstreams.dify` of `ferry.yaml`.
 */
export const builtInUpstreams: readonly Upstream[] = [
  {
    name: 'dify',
    kind: 'compose',
    repository: 'langgenius/dify',
    // Every image of the file, whatever its profile.
    file: 'docker/docker-compose.yaml',
    order: VersionOrder.numeric,
    prereleases: false,
    scope: FetchScope.changed,
    exclude: { images: [], services: [], profiles: [] },
    variables: {},
    schedule: { everyMs: dailyMs },
  },
  {
    name: 'xinference',
    kind: 'release',
    repository: 'xorbitsai/inference',
    order: VersionOrder.pep440,
    prereleases: false,
    // The image has the release's tag, and is published hours after the release.
    images: ['docker.io/xprobe/xinference:{tag}'],
    // Used only if the suffix is configured: this image has one platform, even if the others have more.
    imagePlatforms: [{ pattern: '*-aarch64', platforms: ['linux/arm64'] }],
    schedule: { everyMs: dailyMs },
  },
];
