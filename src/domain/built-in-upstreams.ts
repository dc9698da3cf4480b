import { VersionOrder } from './release-version.js';
import type { ComposeUpstream, ReleaseUpstream } from './upstream.js';
import { BuiltInUpstream, FetchScope } from './upstream.js';

const dailyMs = 24 * 60 * 60 * 1_000;

/** Dify: every image of `docker/docker-compose.yaml`, whatever profile it belongs to. */
export const difyUpstream: ComposeUpstream = {
  kind: 'compose',
  name: BuiltInUpstream.dify,
  repository: 'langgenius/dify',
  file: 'docker/docker-compose.yaml',
  order: VersionOrder.numeric,
  prereleases: false,
  scope: FetchScope.changed,
  exclude: { images: [], services: [], profiles: [] },
  variables: {},
  schedule: { everyMs: dailyMs },
};

/** Xinference: its image has the release's own tag, and is published hours after it. */
export const xinferenceUpstream: ReleaseUpstream = {
  kind: 'release',
  name: BuiltInUpstream.xinference,
  repository: 'xorbitsai/inference',
  order: VersionOrder.pep440,
  prereleases: false,
  images: ['docker.io/xprobe/xinference:{tag}'],
  // Wanted only where the suffix is configured: an image of one platform, whatever the others are wanted for.
  imagePlatforms: [{ pattern: '*-aarch64', platforms: ['linux/arm64'] }],
  schedule: { everyMs: dailyMs },
};
