import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect, test } from 'vitest';

import { projectRoot } from '../support/tools.js';

const built = join(projectRoot, 'dist', 'ferry', 'console');
const page = readFileSync(join(built, 'index.html'), 'utf8');

/** The files that the page itself names, and the catalogues of a language, with what it says of faults. */
function firstLoad(language: 'en' | 'zh-cn'): readonly string[] {
  const named = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, path]) => path ?? '');
  const scripts = named.filter((path) => path.endsWith('.js')).map((path) => readFileSync(join(built, path), 'utf8'));
  const catalogues = scripts.flatMap((script) => [...script.matchAll(/\.\/((?:en|zh-cn)-[\w-]{8}\.js)/gi)]);
  const own = catalogues.map(([, name = '']) => name).filter((name) => name.toLowerCase().startsWith(`${language}-`));
  return [...new Set([...named, ...own.map((name) => `assets/${name}`)])];
}

test.each(['en', 'zh-cn'] as const)('the first load of the console in %s is at most 250 KB by gzip', (language) => {
  const files = firstLoad(language);
  const bytes = [...files.map((path) => readFileSync(join(built, path))), Buffer.from(page)]
    .map((content) => gzipSync(content, { level: 9 }).length)
    .reduce((sum, length) => sum + length, 0);

  expect(files.filter((path) => path.endsWith('.css'))).toHaveLength(1);
  expect(files.length).toBeGreaterThanOrEqual(4);
  expect(bytes).toBeLessThan(250_000);
});

test('the page has no script and no style of its own, and loads nothing from another host', () => {
  expect(page).not.toMatch(/<script(?![^>]*\bsrc=)/);
  expect(page).not.toMatch(/<style|\bstyle=|\son\w+=|https?:\/\//);
  expect(page).toContain('<base href="/" />');
});

test('every script and stylesheet of the console is there compressed, unless it is tiny', () => {
  const files = readdirSync(join(built, 'assets'));
  const large = files.filter(
    (name) => /\.(js|css)$/.test(name) && readFileSync(join(built, 'assets', name)).length >= 1_000,
  );

  expect(large.length).toBeGreaterThan(8);
  expect(large.filter((name) => !files.includes(`${name}.br`) || !files.includes(`${name}.gz`))).toEqual([]);
});
