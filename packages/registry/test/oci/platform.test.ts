import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { platform } from '../../../../test/domain/arbitraries.js';
import { InvalidInput } from '../../src/errors.js';
import {
  parsePlatform,
  parsePlatformSelection,
  platformMatches,
  printPlatform,
  readPlatform,
} from '../../src/oci/platform.js';

describe('platforms', () => {
  test.each([
    ['linux/amd64', 'linux/amd64'],
    ['Linux/x86_64', 'linux/amd64'],
    ['linux/x86-64', 'linux/amd64'],
    ['linux/amd64/v1', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['linux/arm64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v9', 'linux/arm64/v9'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/7', 'linux/arm/v7'],
    ['linux/arm/v6', 'linux/arm/v6'],
    ['linux/armhf', 'linux/arm/v7'],
    ['linux/armel', 'linux/arm/v6'],
    ['linux/i386', 'linux/386'],
    ['macos/arm64', 'darwin/arm64'],
    ['linux/ppc64le', 'linux/ppc64le'],
    ['windows/amd64', 'windows/amd64'],
    ['windows(10.0.17763.1)/amd64', 'windows(10.0.17763.1)/amd64'],
    ['windows(10.0.17763.1+win32k)/amd64', 'windows(10.0.17763.1+win32k)/amd64'],
  ])('the canonical form of the platform %s is %s', (typed, canonical) => {
    const printed = printPlatform(parsePlatform(typed));

    expect(printed).toBe(canonical);
  });

  test.each([
    '',
    'amd64',
    'linux',
    'linux/',
    '/amd64',
    'linux/amd64/v1/x',
    'linux amd64',
    'unknown/unknown',
    'all',
    'linux(1/amd64',
  ])('%j is refused as a platform, with examples', (typed) => {
    const parse = (): unknown => parsePlatform(typed);

    expect(parse).toThrow(InvalidInput);
    expect(parse).toThrow('os/architecture[/variant]');
  });

  test('an architecture alone is refused with the platform that was probably meant', () => {
    const parse = (): unknown => parsePlatform('ARM64');

    expect(parse).toThrow('did you mean "linux/arm64"?');
  });

  test('a printed platform is parsed back to the same platform', () => {
    fc.assert(
      fc.property(platform, (original) => {
        const canonical = parsePlatform(printPlatform(original));

        expect(parsePlatform(printPlatform(canonical))).toStrictEqual(canonical);
        expect(printPlatform(canonical)).toBe(printPlatform(original));
      }),
    );
  });
});

describe('platforms that a source offers', () => {
  test.each([
    ['linux/amd64', 'linux/amd64', true],
    ['linux/arm64', 'linux/arm64/v8', true],
    ['linux/arm', 'linux/arm/v7', true],
    ['linux/arm/v7', 'linux/arm/v6', false],
    ['linux/amd64', 'linux/amd64/v3', false],
    ['linux/amd64', 'linux/arm64', false],
    ['linux/amd64', 'windows/amd64', false],
    ['windows/amd64', 'windows(10.0.17763.1)/amd64', true],
    ['windows(10.0.17763)/amd64', 'windows(10.0.17763.1)/amd64', true],
    ['windows(10.0.17763.1)/amd64', 'windows(10.0.17763.12)/amd64', false],
    ['windows(10.0.17763.1)/amd64', 'windows/amd64', false],
    ['windows(+win32k)/amd64', 'windows(10.0.1+win32k)/amd64', true],
    ['windows(+win32k)/amd64', 'windows(10.0.1)/amd64', false],
  ])('whether the wanted platform %s matches the offered %s: %s', (wanted, offered, expected) => {
    const matches = platformMatches(parsePlatform(wanted), parsePlatform(offered));

    expect(matches).toBe(expected);
  });

  test('unknown/unknown matches no platform, not even itself', () => {
    const unknown = { os: 'unknown', architecture: 'unknown' };

    expect(platformMatches(unknown, unknown)).toBe(false);
  });

  test('a descriptor’s platform and an image’s config are parsed in the same way', () => {
    const read = readPlatform({
      os: 'windows',
      architecture: 'amd64',
      'os.version': '10.0.17763.1',
      'os.features': ['win32k'],
      rootfs: {},
    });

    expect(read).toStrictEqual({
      os: 'windows',
      architecture: 'amd64',
      osVersion: '10.0.17763.1',
      osFeatures: ['win32k'],
    });
  });

  test.each([
    [undefined],
    [null],
    ['linux/amd64'],
    [{}],
    [{ os: 'linux' }],
    [{ os: 'linux', architecture: '' }],
    [{ os: 'unknown', architecture: 'unknown' }],
  ])('%j contains no platform', (json) => {
    expect(readPlatform(json)).toBeUndefined();
  });
});

describe('a choice of platforms', () => {
  test('the selection "all" takes precedence over single platforms', () => {
    expect(parsePlatformSelection('linux/amd64, ALL')).toBe('all');
  });

  test('a platform with two names is selected once', () => {
    const selection = parsePlatformSelection('linux/arm64/v8, linux/amd64,linux/aarch64');

    expect(selection).toStrictEqual([
      { os: 'linux', architecture: 'arm64' },
      { os: 'linux', architecture: 'amd64' },
    ]);
  });

  test.each(['', 'linux/amd64,', 'linux/amd64;linux/arm64'])('the platform selection %j is refused', (typed) => {
    expect(() => parsePlatformSelection(typed)).toThrow(InvalidInput);
  });
});
