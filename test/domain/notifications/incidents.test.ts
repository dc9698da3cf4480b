import { expect, test } from 'vitest';

import { causesOf } from '../../../src/domain/notifications/image-causes.js';
import { foldReports } from '../../../src/domain/notifications/incidents.js';
import type { ImageReport } from '../../../src/domain/notifications/incidents.js';

const nginx = 'docker.io/library/nginx:1.27';
const away = 'target aliyun (registry.example.com): could not talk to it: connection refused';

function report(image: string, causes: ImageReport['causes'], run = 'run-1'): ImageReport {
  return { image, scope: 'run', causes, at: 1, run };
}

function causesOn(target: string, state: 'retrying' | 'blocked', code: 'unreachable' | 'stalled' | 'manifest-refused') {
  return causesOf({ image: nginx, copies: [{ target, state, code, reason: `target ${target}: ${code}` }] }) ?? [];
}

test('300 images that fail because one target is away open one incident, whatever each request got', () => {
  const reports = Array.from({ length: 300 }, (_, number) =>
    report(
      `docker.io/library/app-${number}:1`,
      causesOn('aliyun', 'retrying', number % 2 === 0 ? 'unreachable' : 'stalled'),
    ),
  );

  const { opened, joined, left } = foldReports(reports, { open: [], memberships: [] });

  expect(opened).toHaveLength(1);
  expect(opened[0]).toMatchObject({ cause: { kind: 'target', target: 'aliyun' } });
  expect(opened[0]?.images).toHaveLength(300);
  expect([joined, left]).toEqual([[], []]);
});

test('an image that fails in a later run joins the incident of a registry, and opens another one for its own fault', () => {
  const shared = causesOn('aliyun', 'retrying', 'unreachable');
  const own = causesOn('aliyun', 'blocked', 'manifest-refused');
  const open = [
    { id: 1, key: shared[0]?.key ?? '', isShared: true, run: 'run-1' },
    { id: 2, key: own[0]?.key ?? '', isShared: false, run: 'run-1' },
  ];

  const later = foldReports([report('a/b:1', shared, 'run-2'), report('a/c:1', own, 'run-2')], {
    open,
    memberships: [],
  });
  const sameRun = foldReports([report('a/c:1', own, 'run-1')], { open, memberships: [] });

  expect(later.joined).toEqual([{ incident: 1, image: 'a/b:1' }]);
  expect(later.opened).toMatchObject([{ images: ['a/c:1'], run: 'run-2' }]);
  expect(sameRun).toMatchObject({ opened: [], joined: [{ incident: 2, image: 'a/c:1' }] });
});

test('an image leaves an incident when its cause is gone or is another one, and a repeated report changes nothing', () => {
  const cause = causesOn('aliyun', 'retrying', 'unreachable');
  const open = [{ id: 1, key: cause[0]?.key ?? '', isShared: true }];
  const memberships = [{ image: nginx, incident: 1, scope: 'run' }];

  const over = foldReports([report(nginx, [])], { open, memberships });
  const other = foldReports([report(nginx, causesOn('private', 'retrying', 'unreachable'))], { open, memberships });
  const again = foldReports([report(nginx, cause)], { open, memberships });
  const gone = foldReports([report(nginx, []), report(nginx, cause)], { open, memberships });

  expect(over).toEqual({ opened: [], joined: [], left: [{ incident: 1, image: nginx }] });
  expect(other).toMatchObject({ opened: [{ cause: { target: 'private' } }], left: [{ incident: 1, image: nginx }] });
  expect(again).toEqual({ opened: [], joined: [], left: [] });
  expect(gone).toEqual({ opened: [], joined: [], left: [] });
});

test('a report of one scope does not end incidents of another one', () => {
  const open = [{ id: 1, key: 'drift|target aliyun|drift-lost', isShared: false }];
  const memberships = [{ image: nginx, incident: 1, scope: 'audit aliyun' }];

  expect(foldReports([report(nginx, [])], { open, memberships }).left).toEqual([]);
});

test('a cause is the target that has the fault, or the source if all targets say the same of it', () => {
  const copy = (target: string, reason: string) =>
    ({ target, state: 'retrying', code: 'unreachable', reason }) as const;
  const there = { target: 'private', state: 'pushed' } as const;

  const ofTarget = causesOf({ image: nginx, copies: [copy('aliyun', away), there] });
  const ofSource = causesOf({ image: nginx, copies: [copy('aliyun', 'no route'), copy('private', 'no route')] });
  const ofOneTarget = causesOf({ image: nginx, copies: [copy('aliyun', 'source docker.io: no route')] });
  const ofBothTargets = causesOf({
    image: nginx,
    copies: [copy('aliyun', away), copy('private', 'target private: no')],
  });

  expect(ofTarget).toMatchObject([{ kind: 'target', target: 'aliyun' }]);
  expect(ofSource).toMatchObject([{ kind: 'retrying', source: 'docker.io' }]);
  expect(ofOneTarget).toMatchObject([{ kind: 'retrying', source: 'docker.io' }]);
  expect(ofBothTargets).toMatchObject([{ target: 'aliyun' }, { target: 'private' }]);
});

test('a used-up pull allowance, a blocked row and a tag that is not published yet are what they are', () => {
  const waiting = (code: 'rate-limited' | 'tag-missing') =>
    causesOf({
      image: nginx,
      copies: [{ target: 'aliyun', state: 'waiting', code, reason: 'source docker.io: later' }],
    });

  expect(waiting('rate-limited')).toMatchObject([{ kind: 'allowance', source: 'docker.io' }]);
  expect(waiting('tag-missing')).toEqual([]);
  const row = { state: 'blocked', code: 'invalid-reference', reason: 'no image' } as const;
  expect(causesOf({ image: 'not an image', whole: row, copies: [] })).toMatchObject([
    { kind: 'blocked', source: '', code: 'invalid-reference' },
  ]);
});

test('an image that a person requested again stays in its incident until a run has tried it', () => {
  const copies = [{ target: 'aliyun', state: 'blocked', code: 'denied', reason: 'no' }] as const;

  expect(causesOf({ image: nginx, whole: { state: 'pending' }, copies })).toBeUndefined();
  expect(causesOf({ image: nginx, whole: { state: 'withdrawn' }, copies })).toEqual([]);
});
