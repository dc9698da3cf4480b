import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync(new URL('../../docs/failures.md', import.meta.url), 'utf8');
const entry = /^- \[(.+)\]\(\.\.\/test\/(.+)\): "(.+)"$/gm;

interface ListedTest {
  readonly shown: string;
  readonly file: string;
  readonly title: string;
}

const faults = page.split(/^### /m).slice(1);

test('the page has every fault with a test that makes it happen', () => {
  const without = faults.filter((fault) => testsIn(fault).length === 0).map((fault) => fault.split('\n')[0]);

  expect(faults.length).toBeGreaterThan(30);
  expect(without).toEqual([]);
});

test('every test that the page names is where it says', () => {
  const astray = testsIn(page).filter(({ shown, file, title }) => {
    const source = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
    return shown !== file || !['"', "'", '`'].some((quote) => source.includes(quote + title + quote));
  });

  expect(astray).toEqual([]);
});

test('every line of a list names a test', () => {
  expect(page.match(/^- /gm)).toHaveLength(testsIn(page).length);
});

function testsIn(text: string): readonly ListedTest[] {
  return [...text.matchAll(entry)].map(([, shown = '', file = '', title = '']) => ({ shown, file, title }));
}
