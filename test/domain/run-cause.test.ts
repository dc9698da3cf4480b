import { expect, test } from 'vitest';

import { printRunCause, readRunCause } from '../../src/domain/run-cause.js';

test.each([
  ['schedule', { kind: 'schedule', facts: {} }],
  ['start of sync-all', { kind: 'start', facts: {} }],
  ['console: mia', { kind: 'console', facts: { who: 'mia' } }],
  ['console: mia: a new key', { kind: 'console', facts: { who: 'mia', what: 'a new key' } }],
  ['push to main of team/images', { kind: 'push', facts: { branch: 'main', repository: 'team/images' } }],
  ['3 images are waiting for a source or target', { kind: 'tried-again', facts: { images: '3' } }],
  [
    'rollback of docker.io/a/b:1 on aliyun',
    { kind: 'rollback', facts: { image: 'docker.io/a/b:1', target: 'aliyun' } },
  ],
  ['ferry sync', { kind: 'other', facts: { text: 'ferry sync' } }],
])('the reason "%s" of a sync run is understood', (reason, cause) => {
  expect(readRunCause(reason)).toEqual(cause);
});

test.each([
  ['console', { who: 'mia', what: 'a new key' }],
  ['push', { branch: 'main', repository: 'team/images' }],
  ['added', { delivery: 'delivery-1' }],
  ['audit', { copies: '1' }],
  ['audit', { copies: '12' }],
  ['rollback', { image: 'docker.io/a/b:1', target: 'aliyun' }],
  ['tried-again', { images: '3' }],
] as const)('what is printed of a cause is read again: %s %o', (kind, facts) => {
  expect(readRunCause(printRunCause(kind, facts))).toEqual({ kind, facts });
});
