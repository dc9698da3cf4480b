import { createElement } from 'react';
import type { ReactNode } from 'react';
import { expect, test } from 'vitest';

import type { StateEvent } from '../../src/api/types.js';
import { Timeline } from '../../src/pages/image/timeline.js';
import { copiesToHeal } from '../../src/pages/targets/copies-to-heal.js';
import { CommandLine } from '../../src/parts/command-line.js';
import { FaultText } from '../../src/parts/fault-text.js';
import { Cell, PlainTable, Row } from '../../src/parts/plain-table.js';
import { ReferenceText } from '../../src/parts/reference-text.js';
import { useWho } from '../../src/parts/use-who.js';
import { shown } from './shown.js';

const image = 'ghcr.io:443/owner/name:v1@sha256:0a';

test('a table keeps its roles where its rows are cards, and has the texts of its heads for the cells', async () => {
  const cells: readonly ReactNode[] = [createElement(Cell, { key: 1, children: 'a' }), createElement(Cell, { key: 2 })];
  const row = createElement(Row, { children: cells });
  const { html } = await shown(createElement(PlainTable, { heads: ['Name', 'A "value"'], children: row }));

  for (const role of ['table', 'rowgroup', 'row', 'columnheader', 'cell']) expect(html).toContain(`role="${role}"`);
  expect(html).toContain('--head-2:&quot;A \\&quot;value\\&quot;&quot;');
  expect(html).toContain('<td role="cell"></td>');
});

test('a reference breaks between its parts, and its text stays as it is', async () => {
  const { html, text } = await shown(createElement(ReferenceText, { text: image }));

  expect(html).toBe('ghcr.io<wbr/>:443/<wbr/>owner/<wbr/>name<wbr/>:v1<wbr/>@sha256<wbr/>:0a');
  expect(text).toBe(image);
});

test('a command breaks between its words', async () => {
  const { html } = await shown(createElement(CommandLine, { text: 'ferry rollback a --target b' }));

  expect(html).toContain('<span class="token">--target</span> <span class="token">b</span>');
});

test('who requested a change is in the language of the page', async () => {
  const Who = ({ who }: { readonly who: string }) => useWho()(who);
  const names = ['cli', 'row', 'upstream dify', 'console: mia', 'audit 01a22de9-0c1b/1', 'mia'];
  const told = async (language: 'en' | 'zh-CN'): Promise<readonly string[]> =>
    await Promise.all(names.map(async (who) => (await shown(createElement(Who, { who }), { language })).text));

  expect(await told('en')).toEqual([
    'command line',
    'another program',
    'upstream dify',
    'console: mia',
    'audit',
    'mia',
  ]);
  expect(await told('zh-CN')).toEqual(['命令行', '其他程序', '上游 dify', '控制台：mia', '审计', 'mia']);
});

test('a reason without a code is marked as English in a Chinese page', async () => {
  const { html } = await shown(createElement(FaultText, { reason: 'rolled back to sha256:0a' }), { language: 'zh-CN' });

  expect(html).toContain('lang="en"');
});

test('what an audit leaves for the next sync run is counted from its findings, when all of them are there', () => {
  const counts = { checked: 9, deep: 0, lost: 2, changed: 0, incomplete: 0, notChecked: 0, requests: 9 };
  const summary = { targets: [{ target: 'aliyun', ...counts }], notChecked: [], healing: 2 };
  const healed = { outcome: 'healed' } as const;
  const healing = { outcome: 'healing' } as const;

  expect(copiesToHeal({ summary, findings: [healed, healing] })).toBe(1);
  expect(copiesToHeal({ summary, findings: [healed] })).toBe(2);
});

test('the history tells a requested rollback from one that was made', async () => {
  const event: StateEvent = { id: 1, at: 1, kind: 'rolled-back', image, target: 'aliyun', to: 'waiting' };
  const made: StateEvent = { ...event, id: 2, to: 'pushed' };
  const { text } = await shown(createElement(Timeline, { rows: [], events: [event, made] }));

  expect(text).toMatch(/pushed rolled back .*waiting rollback requested/);
});
