import { expect, test } from 'vitest';

import { TargetHealth } from '../../src/activities/target-health.js';

const away = { code: 'unreachable', decision: 'retry', reason: 'connection refused' } as const;

test('a target that stayed away is left to the next pass for a minute, then asked again', () => {
  let now = 0;
  const health = new TargetHealth(() => now);

  health.note('aliyun', away);
  const atOnce = health.reasonToLeave('aliyun');
  now = 60_000;
  const later = health.reasonToLeave('aliyun');

  expect(atOnce).toEqual({ ...away, again: 'next-pass' });
  expect(later).toBeUndefined();
  expect(health.reasonToLeave('private')).toBeUndefined();
});

test('a target that answers is asked again at once, and so is one with a fault of one image only', () => {
  const health = new TargetHealth(() => 0);
  health.note('aliyun', away);
  health.note('private', away);

  health.note('aliyun', undefined);
  health.note('private', { code: 'manifest-refused', decision: 'park', reason: 'unknown manifest class' });

  expect(health.reasonToLeave('aliyun')).toBeUndefined();
  expect(health.reasonToLeave('private')).toBeUndefined();
});
