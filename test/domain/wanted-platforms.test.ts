import { parsePlatformSelection, printPlatform } from '@image-ferry/registry/platform';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { PushStatus } from '../../src/domain/wanted-image.js';
import { wantedSelection } from '../../src/domain/wanted-platforms.js';
import { platform } from './arbitraries.js';

describe('the wanted platforms of an image', () => {
  test('the wanted platforms of an image are those of all its rows, also pushed and blocked ones, except withdrawn ones', () => {
    const selection = wantedSelection([
      { platform: 'linux/arm64', status: PushStatus.pushed },
      { platform: 'linux/amd64', status: PushStatus.pending },
      { platform: 'linux/s390x', status: PushStatus.withdrawn },
      { platform: 'linux/ppc64le', status: PushStatus.blocked },
      { platform: 'linux/aarch64', status: PushStatus.pending },
    ]);

    expect(selection).toEqual(parsePlatformSelection('linux/amd64,linux/arm64,linux/ppc64le'));
  });

  test('the wanted platforms are all of the source if one row says so', () => {
    const selection = wantedSelection([
      { platform: 'linux/arm64', status: PushStatus.pushed },
      { platform: 'all', status: PushStatus.pending },
    ]);

    expect(selection).toBe('all');
  });

  test('the wanted platforms ignore a withdrawn row for all platforms', () => {
    const selection = wantedSelection([
      { platform: 'all', status: PushStatus.withdrawn },
      { platform: 'linux/arm64', status: PushStatus.pushed },
    ]);

    expect(selection).toEqual(parsePlatformSelection('linux/arm64'));
  });

  test('no platform of an image is wanted if all its rows are withdrawn', () => {
    expect(wantedSelection([{ platform: 'linux/amd64', status: PushStatus.withdrawn }])).toEqual([]);
  });

  test('the wanted platforms do not depend on the order of the rows', () => {
    const row = fc.record({
      platform: fc.oneof(
        { weight: 20, arbitrary: platform.map(printPlatform) },
        { weight: 1, arbitrary: fc.constant('all') },
      ),
      status: fc.constantFrom(...Object.values(PushStatus)),
    });
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        expect(wantedSelection(rows.toReversed())).toEqual(wantedSelection(rows));
      }),
    );
  });
});
