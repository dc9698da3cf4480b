import { expect, test } from 'vitest';

import { TargetHealth } from '../../src/planning/target-health.js';

const fault = { code: 'unreachable', decision: 'retry' } as const;
const aliyun = { name: 'aliyun', registry: 'aliyun.example.com' };
const own = { name: 'private', registry: 'registry.example.com:5000' };
const wall = (): number => Date.UTC(2026, 2, 1, 14, 3, 5, 700);

test('a target that stayed away is left to the next run for a minute, then asked again', () => {
  let now = 0;
  const health = new TargetHealth({ monotonic: () => now, wall });

  health.note('aliyun', fault, 'the connection was refused');
  const atOnce = health.reasonToLeave(aliyun);
  now = 60_000;
  const later = health.reasonToLeave(aliyun);

  expect(atOnce).toEqual({
    ...fault,
    reason:
      'target aliyun (aliyun.example.com) was not asked again: it was away at 2026-03-01T14:03:05Z, and is left alone until 2026-03-01T14:04:05Z: the connection was refused',
    again: 'next-run',
  });
  expect(later).toBeUndefined();
  expect(health.reasonToLeave(own)).toBeUndefined();
});

test.each([
  ['unreachable', 'it could not be reached'],
  ['tls', 'no TLS connection to it could be made'],
] as const)('without a reason for the host, the fault %s of one image is reported in plain words', (code, words) => {
  const health = new TargetHealth({ monotonic: () => 0, wall });

  health.note('private', { ...fault, code });

  expect(health.reasonToLeave(own)?.reason).toMatch(new RegExp(`left alone until 2026-03-01T14:04:05Z: ${words}$`));
});

test('a target that answers is asked again at once, and so is one with a fault of one image only', () => {
  const health = new TargetHealth({ monotonic: () => 0, wall });
  health.note('aliyun', fault);
  health.note('private', fault);

  health.note('aliyun', undefined);
  health.note('private', { code: 'manifest-refused', decision: 'block' });

  expect(health.reasonToLeave(aliyun)).toBeUndefined();
  expect(health.reasonToLeave(own)).toBeUndefined();
});
