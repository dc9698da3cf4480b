import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import type { FaultCode } from '../../src/domain/ferry-error.js';

/** The compiler refuses this table when a code is missing from it. */
const codes = Object.keys({
  'invalid-reference': true,
  'invalid-platform': true,
  'invalid-row': true,
  'tag-missing': true,
  'repository-missing': true,
  'platform-missing': true,
  unauthorized: true,
  denied: true,
  unreachable: true,
  tls: true,
  'private-address': true,
  'rate-limited': true,
  'server-error': true,
  stalled: true,
  'source-corrupt': true,
  'target-corrupt': true,
  'target-full': true,
  quota: true,
  'manifest-refused': true,
  'manifest-policy': true,
  'manifest-unsupported': true,
  'manifest-too-large': true,
  'blob-too-large': true,
  'tag-immutable': true,
  protocol: true,
  credentials: true,
  'target-name': true,
  'target-tag-taken': true,
  'backup-tag-taken': true,
  'copy-lost': true,
  'copy-changed': true,
  'copy-incomplete': true,
  'rollback-pending': true,
  'rollback-impossible': true,
  busy: true,
  cancelled: true,
  'upstream-missing': true,
  'upstream-format': true,
  configuration: true,
  database: true,
  temporal: true,
  internal: true,
} satisfies Record<FaultCode, true>);

const pages = [
  ['docs/failures.md', ['What happened', 'What to do', 'Afterwards']],
  ['docs/failures.zh-CN.md', ['发生了什么', '怎么处理', '现状']],
] as const;

test.each(pages)('%s has one entry for every error code, and no entry for an unknown code', (page) => {
  const documented = entriesOf(page).map(({ code }) => code);

  expect(documented.toSorted()).toEqual(codes.toSorted());
});

test.each(pages)(
  '%s says for every error code what happened, what to do, and what is true afterwards',
  (page, parts) => {
    for (const { code, text } of entriesOf(page)) {
      const labels = [...text.matchAll(/^- \*\*(.+?)[:：]\*\*/gm)].map(([, label]) => label);

      expect([code, labels]).toEqual([code, parts]);
    }
  },
);

test('docs/failures.md and docs/failures.zh-CN.md have the codes in the same order', () => {
  const [english, chinese] = pages.map(([page]) => entriesOf(page).map(({ code }) => code));

  expect(chinese).toEqual(english);
});

function entriesOf(page: string): readonly { readonly code: string; readonly text: string }[] {
  const content = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');
  return [...content.matchAll(/^### `(.+)`\n([^]*?)(?=^##|(?![^]))/gm)].map(([, code = '', text = '']) => ({
    code,
    text,
  }));
}
