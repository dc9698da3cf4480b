import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePlatformSelection, printPlatform } from '../../packages/registry/src/oci/platform.js';
import { PushStatus } from '../../src/domain/wanted-image.js';
import { wantedSelection } from '../../src/domain/wanted-platforms.js';
import { platform } from './arbitraries.js';

describe('the wanted platforms of an image', () => {
  test('are those of all its rows, pushed and blocked ones too, less the withdrawn', () => {
    const selection = wantedSelection([
      { platform: 'linux/arm64', status: PushStatus.pushed },
      { platform: 'linux/amd64', status: PushStatus.pending },
      { platform: 'linux/s390x', status: PushStatus.withdrawn },
      { platform: 'linux/ppc64le', status: PushStatus.blocked },
      { platform: 'linux/aarch64', status: PushStatus.pending },
    ]);

    expect(selection).toEqual(parsePlatformSelection('linux/amd64,linux/arm64,linux/ppc64le'));
  });

  test('are all of the source’s when one row says so', () => {
    const selection = wantedSelection([
      { platform: 'linux/arm64', status: PushStatus.pushed },
      { platform: 'all', status: PushStatus.pending },
    ]);

    expect(selection).toBe('all');
  });

  test('do not follow a row for all of them that was withdrawn', () => {
    const selection = wantedSelection([
      { platform: 'all', status: PushStatus.withdrawn },
      { platform: 'linux/arm64', status: PushStatus.pushed },
    ]);

    expect(selection).toEqual(parsePlatformSelection('linux/arm64'));
  });

  test('are none when every row is withdrawn', () => {
    expect(wantedSelection([{ platform: 'linux/amd64', status: PushStatus.withdrawn }])).toEqual([]);
  });

  test('do not depend on the order of the rows', () => {
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
