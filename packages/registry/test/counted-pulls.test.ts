import { describe, expect, test } from 'vitest';

import { meter } from '../../../test/support/metered-source.js';
import { placeImage, placeIndex } from '../../../test/support/scripted-images.js';
import { answer } from '../../../test/support/scripted-registry.js';
import { clientFor, repository, requestFor, sourceAndTarget } from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';
import { parseDigest } from '../src/oci/digest.js';
import { planCopy } from '../src/plan-copy.js';
import type { AnnouncedPulls } from '../src/pull-quota.js';
import type { PullQuota } from '../src/pull-quota.js';
import { readAnnouncedPulls } from '../src/transport/counted-pulls.js';

const hour = 3_600_000;

/** A quota that grants a fixed number of pulls, and records what it receives. */
class NotedPulls implements PullQuota {
  readonly announced: (AnnouncedPulls | undefined)[] = [];
  readonly granted: number;
  taken = 0;

  constructor(granted: number) {
    this.granted = granted;
  }

  isKnown() {
    return this.announced.length > 0;
  }

  async acquire() {
    if (this.taken === this.granted)
      return { reason: `the allowance of ${this.granted} pulls is spent`, freeInMs: hour };
    this.taken += 1;
    return undefined;
  }

  async observe(_host: string, announced: AnnouncedPulls | undefined) {
    this.announced.push(announced);
  }
}

describe('manifest reads that a source counts as pulls', () => {
  test('every manifest read from the source is booked first, and HEADs, blobs and targets cost nothing', async () => {
    const [source, target] = await sourceAndTarget();
    const children = ['amd64', 'arm64'].map((architecture) =>
      placeImage(source, repository, { tag: architecture, architecture, layers: [Buffer.from(architecture)] }),
    );
    placeIndex(source, repository, children);
    const counted = meter(source, { limit: 100, windowMs: 6 * hour, rateLimitSource: '203.0.113.7' });
    const pulls = new NotedPulls(100);

    await copyImage(clientFor([source, target], { pulls }), requestFor(source, [target]));

    expect(counted.pulls).toHaveLength(3);
    expect(pulls.taken).toBe(3);
    expect(pulls.announced.at(-1)).toEqual({
      pulls: 100,
      windowMs: 6 * hour,
      remaining: 97,
      rateLimitSource: '203.0.113.7',
    });
  });

  test('a source without an earlier answer announces its allowance before the first pull, whichever client planned the copy', async () => {
    const [source, target] = await sourceAndTarget();
    const { digest } = placeImage(source, repository);
    meter(source, { limit: 100, windowMs: 6 * hour });
    const pulls = new NotedPulls(100);

    await copyImage(clientFor([source, target], { pulls }), {
      ...requestFor(source, [target]),
      sourceDigest: parseDigest(digest),
    });

    const asked = source.requests.filter(({ path }) => path.includes('/manifests/')).map(({ method }) => method);
    expect(asked).toEqual(['HEAD', 'GET']);
    expect(pulls.announced[0]).toMatchObject({ remaining: 100 });
    expect(pulls.taken).toBe(1);
  });

  test('a source that refuses HEAD is read by GET', async () => {
    const [source, target] = await sourceAndTarget();
    const { digest } = placeImage(source, repository);
    source.when('HEAD', /manifests/, ({ response }) => answer(response, 405));
    const pulls = new NotedPulls(100);

    const report = await copyImage(clientFor([source, target], { pulls }), {
      ...requestFor(source, [target]),
      sourceDigest: parseDigest(digest),
    });

    expect(report.targets).toHaveLength(1);
    expect(pulls.taken).toBe(1);
  });

  test('without an allowance no manifest is requested, and the wait is reported', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    const counted = meter(source, { limit: 100, windowMs: 6 * hour });
    const client = clientFor([source, target], { pulls: new NotedPulls(0) });

    const planning = planCopy(client, requestFor(source, [target]));

    await expect(planning).rejects.toMatchObject({ code: 'rate-limited', decision: 'wait', retryAfterMs: hour });
    await expect(planning).rejects.toThrow(/: the allowance of 0 pulls is spent/);
    expect(counted.pulls).toHaveLength(0);
  });

  test('an image that a target already has costs no pull', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    await copyImage(clientFor([source, target]), requestFor(source, [target]));
    const pulls = new NotedPulls(0);

    const plan = await planCopy(clientFor([source, target], { pulls }), requestFor(source, [target]));

    expect(plan.targets.map(({ alreadyThere }) => alreadyThere)).toEqual([true]);
  });

  test('a 429 without an allowance does not mean that there is none left', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    meter(source, { limit: 100, windowMs: 6 * hour });
    source.when('HEAD', /manifests/, ({ response }) => answer(response, 429), 1);
    const pulls = new NotedPulls(100);

    await planCopy(clientFor([source, target], { pulls }), requestFor(source, [target]));

    expect(source.count('HEAD', /manifests/)).toBeGreaterThan(1);
    expect(pulls.announced).not.toContain(undefined);
  });

  test.each([
    [{ 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' }, 76],
    [{ 'ratelimit-limit': '200; w=21600', 'ratelimit-remaining': '0' }, 0],
    [{ 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '900;w=21600' }, 100],
    [{}, undefined],
    [{ 'ratelimit-limit': '100', 'ratelimit-remaining': '76' }, undefined],
    [{ 'ratelimit-limit': '0;w=0', 'ratelimit-remaining': '0;w=0' }, undefined],
    [{ 'ratelimit-limit': 'unlimited', 'ratelimit-remaining': '1' }, undefined],
    [{ 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '-1;w=21600' }, undefined],
    [{ 'ratelimit-limit': '1e99;w=21600', 'ratelimit-remaining': '1' }, undefined],
    [{ 'ratelimit-limit': `${'9'.repeat(400)};w=21600`, 'ratelimit-remaining': '1' }, undefined],
  ])('the headers %j announce an allowance of %s', (headers, remaining) => {
    expect(readAnnouncedPulls(headers)?.remaining).toBe(remaining);
  });

  test.each([
    ['100;w=99999999', 24 * hour],
    ['100;w=86401', 24 * hour],
    ['100;w=86400', 24 * hour],
    ['100;w=1', 1_000],
  ])('a rate limit window is never longer than a day, whatever the source announces: %s', (limit, windowMs) => {
    const headers = { 'ratelimit-limit': limit, 'ratelimit-remaining': '0' };

    expect(readAnnouncedPulls(headers)).toEqual({ pulls: 100, windowMs, remaining: 0, rateLimitSource: '' });
  });
});
