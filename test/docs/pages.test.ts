import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = [...readdirSync(root), ...filesBelow('docs')].filter((path) => path.endsWith('.md'));
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

test.each(pages)('%s links to files and headings that are there', (page) => {
  const links = [...proseOf(textOf(page)).matchAll(/\]\(([^()\s]+)\)/g)].map(([, link = '']) => link);

  const broken = links.filter((link) => !/^https?:/.test(link) && !leadsSomewhere(page, link));

  expect(broken).toEqual([]);
});

test.each(['docs/configuration.md', 'docs/configuration.zh-CN.md'])('%s has every variable of the code', (page) => {
  const variable = /(['"`])((?:FERRY|MYSQL|ALIYUN|MY_REGISTRY|DOCKERHUB|GITHUB)(?:_[A-Z]+)*|[A-Z]+_PROXY)\1/g;
  const sources = filesBelow('src')
    .filter((path) => path.endsWith('.ts'))
    .map(textOf)
    .join('\n');
  const variables = new Set([...sources.matchAll(variable)].map(([, , name = '']) => name));
  const text = textOf(page);

  expect(variables.size).toBeGreaterThan(30);
  expect([...variables].filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});

const translated = pages.filter((path) => path.endsWith('.zh-CN.md')).map((path) => path.replace('.zh-CN.md', ''));

test('every page that a user needs has a Chinese page', () => {
  expect(translated).toEqual(
    expect.arrayContaining([
      'README',
      'docs/commands',
      'docs/configuration',
      'docs/databases',
      'docs/failures',
      'docs/find',
      'docs/monitoring',
      'docs/production',
      'docs/reliability',
      'docs/scale',
      'docs/upstreams',
      'docs/use',
      'docs/webhooks',
    ]),
  );
});

test.each(translated)(
  '%s has the same parts, shows the same output and links to its twin in both languages',
  (page) => {
    const [english, chinese] = [`${page}.md`, `${page}.zh-CN.md`].map((path) => textOf(path));
    const name = page.replace(/.*\//, '');

    expect(headingsOf(chinese ?? '').map(({ level }) => level)).toEqual(
      headingsOf(english ?? '').map(({ level }) => level),
    );
    expect(outputsOf(chinese ?? '')).toEqual(outputsOf(english ?? ''));
    expect(english).toContain(`[中文](${name}.zh-CN.md)`);
    expect(chinese).toContain(`[English](${name}.md)`);
  },
);

test.each(['README.md', 'README.zh-CN.md', 'docs/production.md', 'docs/production.zh-CN.md'])(
  '%s says how the temporal command starts each of the four workflows, and that tctl is retired',
  (page) => {
    const text = textOf(page);

    expect([...text.matchAll(/^temporal workflow start --type (\w+)/gm)].map(([, type]) => type)).toEqual([
      'SyncAll',
      'AddImage',
      'FetchDify',
      'FetchXinference',
    ]);
    expect(text).toContain('`tctl`');
  },
);

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? join(root, page) : resolve(root, dirname(page), decodeURI(path));
  if (!existsSync(file)) return false;
  if (anchor === undefined) return true;
  return headingsOf(readFileSync(file, 'utf8')).some(({ slug }) => slug === decodeURI(anchor));
}

/** With what GitHub makes of each as an anchor. */
function headingsOf(text: string): readonly { readonly level: number; readonly slug: string }[] {
  return [...proseOf(text).matchAll(/^(#+) (.+)$/gm)].map(([, hashes = '', title = '']) => ({
    level: hashes.length,
    slug: title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  }));
}

/** What commands print; a comment may be in the page's language. */
function outputsOf(text: string): readonly string[] {
  return [...text.matchAll(/^```text\n([^]*?)^```/gm)].map(([, output = '']) => output.replaceAll(/ +# .*$/gm, ''));
}

function proseOf(text: string): string {
  return text.replaceAll(/^```[^]*?^```/gm, '');
}
