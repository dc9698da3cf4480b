import { expect, test } from 'vitest';

import { clientFor, targetAt } from '../../../test/support/scripted-set-up.js';
import { digestOf } from '../src/manifests/content-digest.js';
import { TargetLooks } from '../src/target-looks.js';
import { unchangedTarget } from '../src/unchanged-target.js';

const digest = digestOf(Buffer.from('image'), 'sha256');
const currentType = 'application/vnd.oci.image.index.v1+json';
const host = 'a.example.com';
const repo = { side: 'target', host, repository: 'mirror/app' } as const;
const known = {
  recipe: 'all keep',
  sourceDigest: digest,
  digest,
  mediaType: currentType,
  platforms: [],
  missingPlatforms: [],
  dropped: [],
};

test('a forced copy skips a target that got its copy since then, and no other target with the same digest', () => {
  const request = { platforms: 'all', trustEqualTags: true, force: true } as const;
  const looks = new TargetLooks(clientFor([]), repo, { proves: false, signal: new AbortController().signal });
  const tag = { repo, looks, current: digest, currentType };

  const served = unchangedTarget({ ...tag, target: targetAt({ host }, { known }) }, digest, request);
  const other = unchangedTarget({ ...tag, target: targetAt({ host }) }, digest, request);

  expect(served?.plan.alreadyThere).toBe(true);
  expect(other).toBeUndefined();
});
