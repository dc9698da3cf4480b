import { createElement } from 'react';
import { expect, test } from 'vitest';

import type { Audit, ImageDetails } from '../../src/api/types.js';
import { HoldResult } from '../../src/pages/image/hold-result.js';
import { Hold } from '../../src/pages/image/hold.js';
import { AuditSummary } from '../../src/pages/targets/audit-summary.js';
import { shown } from './shown.js';

const image = 'docker.io/library/nginx:1.27';
const digest = `sha256:${'a'.repeat(64)}`;
const hostile = `<img src=x onerror="alert(1)">`;
const copy: ImageDetails['copies'][number] = { image, target: 'aliyun', state: 'pushed', attempts: 1, lastTriedAt: 1 };
const audit: Audit = {
  id: 'audit-1',
  startedAt: 1,
  finishedAt: 2,
  who: 'console: operator',
  scope: { deep: true },
  summary: {
    targets: [
      { target: 'aliyun', checked: 1_200, deep: 60, lost: 3, changed: 2, incomplete: 1, notChecked: 7, requests: 9 },
    ],
    notChecked: [{ target: 'aliyun', code: 'unreachable', reason: hostile, count: 7 }],
    healing: 6,
  },
  findings: [],
};

test('a copy says at which digest its tag is held, by whom, and until when, in both languages', async () => {
  const element = createElement(Hold, { copy: { ...copy, held: { digest, at: 1, by: 'console: mia' } } });
  const { text, html } = await shown(element);

  expect(text).toMatch(/Held at sha256:aaaaaaaaaaaa since .* · by console: mia/);
  expect(text).toContain('No sync run and no audit changes the tag until it is released.');
  expect(html).toContain(digest);
  expect((await shown(element, { language: 'zh-CN' })).text).toMatch(/已锁定到 .*操作者：控制台：mia/);
});

test('a copy without a hold says nothing of it, and one whose rollback is not made says what it will be', async () => {
  expect((await shown(createElement(Hold, { copy }))).text).toBe('');
  expect((await shown(createElement(Hold, { copy: { ...copy, rollbackTo: digest } }))).text).toContain(
    'not made yet: a rollback to sha256:aaaaaaaaaaaa',
  );
});

test('a refused rollback shows its code and reason, and a release without a sync run why there is none', async () => {
  const refused = { image, target: 'aliyun', state: 'refused', code: 'rollback-impossible', reason: hostile } as const;
  const { text, html } = await shown(createElement(HoldResult, { result: refused }));
  const released = { image, released: ['aliyun'], syncRequested: false, fault: 'Temporal does not answer' };

  expect(text).toMatch(/^Not rolled back; nothing was changed rollback-impossible/);
  expect(html).not.toContain('<img');
  expect((await shown(createElement(HoldResult, { result: released }))).text).toBe(
    'Released on aliyun No sync run was requested: Temporal does not answer',
  );
});

test('an audit shows its counts by target, and what was not checked with the reason', async () => {
  const { text, html } = await shown(createElement(AuditSummary, { audit }));
  const { finishedAt: _end, ...unfinished } = audit;

  expect(text).toContain('aliyun 1,200 60 3 2 1 7');
  expect(text).toContain('aliyun: 7 copies were not checked');
  expect(text).toContain('unreachable');
  expect(html).not.toContain('<img');
  expect((await shown(createElement(AuditSummary, { audit: unfinished }))).text).toContain('in progress');
});
