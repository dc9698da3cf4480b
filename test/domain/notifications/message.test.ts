import { expect, test } from 'vitest';

import { messageOf } from '../../../src/domain/notifications/message.js';
import { notificationKinds } from '../../../src/domain/notifications/notification.js';
import type { IncidentFacts, NotificationFacts, ReleaseFacts } from '../../../src/domain/notifications/notification.js';

const english = { language: 'en', timezone: 'UTC', consoleUrl: 'https://ferry.example.com' } as const;
const chinese = { language: 'zh-CN', timezone: 'Asia/Shanghai' } as const;
const openedAt = Date.parse('2026-11-29T10:00:00Z');
const away: IncidentFacts = {
  about: 'incident',
  phase: 'open',
  kind: 'target',
  target: 'aliyun',
  code: 'unreachable',
  reason: 'target aliyun: connection refused',
  images: 300,
  first: ['docker.io/library/app-0:1', 'docker.io/library/app-1:1'],
  openedAt,
};
const release: ReleaseFacts = {
  about: 'release',
  phase: 'over',
  upstream: 'dify',
  release: '1.10.0',
  images: 9,
  added: 4,
  changed: 0,
  bytes: 1_900_000_000,
  targets: ['aliyun', 'private'],
  first: [],
  openedAt,
  overAt: openedAt + 42 * 60_000,
};

test('a target that is away: count, reason, the first names, and a link', () => {
  const { title, lines } = messageOf(away, english);

  expect(title).toBe('Target aliyun is away: 300 images wait for it');
  expect(lines).toEqual([
    { text: 'Reason: unreachable: target aliyun: connection refused' },
    { text: 'Images: app-0:1, app-1:1 and 298 more' },
    { text: 'Since 2026-11-29 10:00 (UTC).' },
    { text: 'Details in the console', href: 'https://ferry.example.com/targets' },
  ]);
});

test('its end says how long it lasted, in the language and the time zone of the channel', () => {
  const over = { ...away, phase: 'over', images: 0, first: [], overAt: openedAt + 3_725_000 } as const;

  expect(messageOf(over, english).title).toBe('Over: target aliyun is back');
  expect(messageOf(over, english).lines[0]?.text).toBe('It lasted 1h2m5s, since 2026-11-29 10:00 (UTC).');
  expect(messageOf(over, chinese)).toEqual({
    title: '已恢复：目标仓库 aliyun 可以访问',
    lines: [{ text: '持续 1 小时 2 分钟 5 秒，始于 2026-11-29 18:00 (Asia/Shanghai)。' }],
  });
});

test('a release that is complete: where it is, what is new, and its size', () => {
  expect(messageOf(release, english).title).toBe('Dify 1.10.0 is on both targets: 4 images new, 1.90 GB');
  expect(messageOf(release, chinese).title).toBe('Dify 1.10.0 已同步到两个目标仓库：新增 4 个镜像，共 1.90 GB');
});

test.each([
  [{ added: 2, changed: 3 }, '2 images new, 3 changed, 1.90 GB', '新增 2 个镜像，变更 3 个，共 1.90 GB'],
  [{ added: 0, changed: 3 }, '3 images changed, 1.90 GB', '变更 3 个镜像，共 1.90 GB'],
  [{ added: 0, changed: 1 }, '1 image changed, 1.90 GB', '变更 1 个镜像，共 1.90 GB'],
  [{ added: 0, changed: 0, bytes: undefined }, 'its 9 images were requested before', '其 9 个镜像此前均已请求'],
])('a release that is complete, with %o', (counts, inEnglish, inChinese) => {
  const facts = { ...release, ...counts };

  expect(messageOf(facts, english).title).toBe(`Dify 1.10.0 is on both targets: ${inEnglish}`);
  expect(messageOf(facts, chinese).title).toBe(`Dify 1.10.0 已同步到两个目标仓库：${inChinese}`);
});

test.each([
  [
    { added: 2, changed: 3 },
    '9 images, 2 new, 3 changed: a:1 and 8 more',
    '共 9 个镜像，其中新增 2 个、变更 3 个：a:1 等 9 个',
  ],
  [{ added: 0, changed: 3 }, '9 images, 3 changed: a:1 and 8 more', '共 9 个镜像，其中变更 3 个：a:1 等 9 个'],
  [{ added: 0, changed: 0 }, '9 images, requested before: a:1 and 8 more', '共 9 个镜像，此前均已请求：a:1 等 9 个'],
])('a release that was found, with %o', (counts, inEnglish, inChinese) => {
  const facts = { ...release, ...counts, phase: 'open', first: ['docker.io/library/a:1'] } as const;

  expect(messageOf(facts, english).lines[0]?.text).toBe(inEnglish);
  expect(messageOf(facts, chinese).lines[0]?.text).toBe(inChinese);
});

test('every kind of message has both languages, and no Chinese in the English one or the other way round', () => {
  const incidents = notificationKinds.flatMap((kind) =>
    (['open', 'over'] as const).flatMap((phase) =>
      (
        [
          'drift-lost',
          'drift-changed',
          'audit-failed',
          'worker-silent',
          'schedule-silent',
          'schedule-missing',
          'denied',
        ] as const
      ).map((code): NotificationFacts => ({
        ...away,
        kind,
        phase,
        code,
        what: 'sync-all',
        overAt: openedAt + 1_000,
        reason: '',
        first: [],
      })),
    ),
  );
  const counts = { images: 9, pushed: 1, waiting: 2, retrying: 3, blocked: 3 };
  const others: readonly NotificationFacts[] = [
    release,
    { ...release, phase: 'open' },
    { about: 'run', run: 'r', ...counts, first: [] },
    { about: 'run', run: 'r', ...counts, failure: 'x', first: [] },
    { about: 'digest', titles: [] },
    { about: 'test', channel: 'ops', by: 'me' },
  ];

  for (const facts of [...incidents, ...others]) {
    const words = (language: 'en' | 'zh-CN'): string => {
      const { title, lines } = messageOf(facts, { language, timezone: 'UTC' });
      return [title, ...lines.map(({ text }) => text)].join('\n');
    };
    expect(words('en')).not.toMatch(/[\u3000-\u9fff\uff00-\uffef]|undefined/);
    expect(words('zh-CN')).toMatch(/[\u4e00-\u9fff]/);
    expect(words('zh-CN')).not.toMatch(/\b(?:images?|target|source|is|the|over)\b|undefined/);
  }
});
