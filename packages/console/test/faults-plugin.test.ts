import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { readFaults } from '../faults-plugin.js';

const docs = join(import.meta.dirname, '..', '..', '..', 'docs');
const english = readFaults(readFileSync(join(docs, 'failures.md'), 'utf8'), {
  happened: 'What happened:',
  todo: 'What to do:',
});
const chinese = readFaults(readFileSync(join(docs, 'failures.zh-CN.md'), 'utf8'), {
  happened: '发生了什么：',
  todo: '怎么处理：',
});

test('the console has what happened and what to do for every fault code of the documentation, in both languages', () => {
  const codes = [...readFileSync(join(docs, 'failures.md'), 'utf8').matchAll(/^### .*$/gm)].flatMap(([heading]) =>
    [...heading.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code ?? ''),
  );

  expect(codes.length).toBeGreaterThan(30);
  for (const texts of [english, chinese]) {
    expect(Object.keys(texts).sort()).toEqual(codes.toSorted());
    expect(Object.entries(texts).filter(([, { happened, todo }]) => happened === '' || todo === '')).toEqual([]);
  }
});

test('an entry has its statement and no links, which point to other pages', () => {
  expect(english['private-address']?.todo).toBe(
    'If the registry is in your network, list it with its port under `hosts` in `ferry.yaml` and restart the worker.',
  );
  expect(JSON.stringify([english, chinese])).not.toContain('](');
});
