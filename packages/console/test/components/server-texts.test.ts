import i18next from 'i18next';
import { createElement } from 'react';
import { expect, test } from 'vitest';

import { RequestReason } from '../../src/pages/requests/request-reason.js';
import { FaultText } from '../../src/parts/fault-text.js';
import { Reason } from '../../src/parts/reason.js';
import { causesOf } from '../../src/parts/run-causes.js';
import { nameOf } from '../../src/parts/schedule-name.js';
import { shown } from './shown.js';

const reason = 'docker.io/library/nginx has no tag 9.9';

test('a Chinese page says what the code of a fault means, and has the words of the server below', async () => {
  const element = createElement(Reason, { code: 'tag-missing', reason });

  expect((await shown(element, { language: 'zh-CN' })).text).toBe(`tag-missing 源仓库没有这个标签 ${reason} 怎么处理`);
  expect((await shown(element)).text).toBe(`tag-missing ${reason} What to do`);
});

test('a code that the console does not know is no loss: the words of the server stay', async () => {
  const unknown = createElement(FaultText, { code: 'from-a-newer-server', reason });

  expect((await shown(unknown, { language: 'zh-CN' })).text).toBe(reason);
  expect((await shown(createElement(FaultText, { code: 'tag-missing' }))).text).toBe(
    'The source does not have this tag',
  );
});

test('why a request was refused or ignored is in the language of the page, above the words of the server', async () => {
  const refused = createElement(RequestReason, { outcome: 'refused', status: 413, reason: 'the body is too large' });
  const ignored = createElement(RequestReason, { outcome: 'ignored', status: 204, reason: 'a ping' });
  const accepted = createElement(RequestReason, { outcome: 'accepted', status: 202, reason: undefined });

  expect((await shown(refused, { language: 'zh-CN' })).text).toBe('内容过大 the body is too large');
  expect((await shown(refused)).text).toBe('the body is too large');
  expect((await shown(ignored, { language: 'zh-CN' })).text).toBe('该事件无需处理。 a ping');
  expect((await shown(accepted, { language: 'zh-CN' })).text).toBe('');
});

test('schedules and reasons of sync runs are in the language of the page', async () => {
  await shown(null, { language: 'zh-CN' });
  const { t } = i18next;
  const causes = [
    { kind: 'schedule', facts: {} },
    { kind: 'console', facts: { who: 'mia', what: 'new key' } },
    { kind: 'other', facts: { text: 'ferry sync' } },
  ] as const;

  expect(causesOf({ causes }, t)).toBe('定时计划、mia 在控制台操作: new key、ferry sync');
  expect(nameOf({ kind: 'fetch', upstream: 'dify' }, t)).toBe('检查 dify');
  expect(nameOf({ kind: 'audit' }, t)).toBe('审计');
});
