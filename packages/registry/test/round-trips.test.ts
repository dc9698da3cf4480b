import { randomBytes } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { placeImage, placeIndex } from '../../../test/support/scripted-images.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTarget,
  sourceAndTwoTargets,
} from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';
import { startRoundTrips } from './support/round-trips.js';
import type { RoundTrip } from './support/round-trips.js';

/** Without the question whether TLS is spoken and without the bodies after their heads, which take no time of their own. */
function requestsOf(trips: readonly RoundTrip[]): readonly RoundTrip[] {
  return trips.map((trip) => trip.filter((what) => !what.endsWith('bytes') && !what.endsWith('connect')));
}

const newImage = [
  // The connections.
  [],
  ['source: HEAD manifest', 'target: HEAD manifest'],
  // Not every registry answers HEAD truly: that the tag is missing is asked once more.
  ['source: GET manifest', 'target: GET manifest'],
  ['source: GET blob', 'target: HEAD blob', 'target: HEAD manifest'],
  ['source: GET blob', 'target: POST upload'],
  ['target: PUT upload'],
  // Whether the first blob is where the registry says that it is.
  ['target: HEAD blob'],
  ['target: PUT manifest'],
  ['target: GET manifest'],
];

describe('round trips of a copy, over plain HTTP and without a token', () => {
  test.each([[1], [6], [30]])(
    'a copy of a new image of %d small layers takes nine round trips, one after the other',
    async (count) => {
      const [source, target] = await sourceAndTarget();
      const layers = Array.from({ length: count }, () => randomBytes(2_000));
      placeImage(source, repository, { layers });
      const clock = startRoundTrips();
      const [from, to] = [await clock.lineTo('source', source), await clock.lineTo('target', target)];

      const hosts = [{ host: from }, { host: to }];
      const report = await copyImage(clientFor(hosts), requestFor({ host: from }, [{ host: to }]));

      expect(report.failures).toEqual([]);
      expect(requestsOf(clock.take())).toEqual(newImage);
    },
  );

  test('a copy to two targets takes no more round trips than one to a single target', async () => {
    const [source, left, right] = await sourceAndTwoTargets();
    placeImage(source, repository);
    const clock = startRoundTrips();
    const from = { host: await clock.lineTo('source', source) };
    const targets = [{ host: await clock.lineTo('target', left) }, { host: await clock.lineTo('target', right) }];

    const report = await copyImage(clientFor([from, ...targets]), requestFor(from, targets));

    expect(report.failures).toEqual([]);
    expect(requestsOf(clock.take())).toEqual(newImage);
  });

  test('a copy of a new index of two images takes three more round trips, for its images', async () => {
    const [source, target] = await sourceAndTarget();
    const children = ['amd64', 'arm64'].map((architecture) => placeImage(source, repository, { architecture }));
    placeIndex(source, repository, children);
    const clock = startRoundTrips();
    const from = { host: await clock.lineTo('source', source) };
    const to = { host: await clock.lineTo('target', target) };

    const report = await copyImage(clientFor([from, to]), requestFor(from, [to]));

    expect(report.failures).toEqual([]);
    expect(requestsOf(clock.take())).toEqual([
      [],
      ['source: HEAD manifest', 'target: HEAD manifest'],
      ['source: GET manifest', 'target: GET manifest'],
      ['source: GET manifest', 'target: HEAD manifest'],
      ['target: HEAD blob'],
      ['source: GET blob', 'target: POST upload'],
      ['target: PUT upload'],
      ['target: HEAD blob'],
      ['target: PUT manifest'],
      ['target: HEAD manifest'],
      ['target: PUT manifest'],
      ['target: GET manifest'],
    ]);
  });

  test.each<['images' | true, readonly RoundTrip[]]>([
    ['images', [[], ['source: HEAD manifest', 'target: HEAD manifest']]],
    [true, [[], ['source: HEAD manifest'], [], ['target: HEAD manifest']]],
  ])(
    'a copy of an unchanged image takes two round trips on both sides, with equal tags trusted: %s',
    async (trustEqualTags, expected) => {
      const [source, target] = await sourceAndTarget();
      placeImage(source, repository);
      const clock = startRoundTrips();
      const from = { host: await clock.lineTo('source', source) };
      const to = { host: await clock.lineTo('target', target) };
      await copyImage(clientFor([source, target]), requestFor(source, [target]));

      const request = requestFor(from, [to], { trustEqualTags });
      const report = await copyImage(clientFor([from, to]), request);

      expect(report.targets[0]?.outcome).toBe('already-there');
      expect(requestsOf(clock.take())).toEqual(expected);
    },
  );
});
