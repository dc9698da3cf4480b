import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';
import { expect, test } from 'vitest';

import { en } from '../src/i18n/en.js';
import { zhCn } from '../src/i18n/zh-cn.js';

const sources = join(import.meta.dirname, '..', 'src');
type Entries = readonly (readonly [key: string, text: string])[];

function entriesOf(texts: object, path = ''): Entries {
  return Object.entries(texts).flatMap(([name, value]: [string, unknown]) => {
    const key = path === '' ? name : `${path}.${name}`;
    return typeof value === 'string' ? [[key, value] as const] : entriesOf(value as object, key);
  });
}

const english = new Map(entriesOf(en));
const chinese = new Map(entriesOf(zhCn));

test('the Chinese catalogue has every key of the English one, and no other', () => {
  expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
});

test('no text of a catalogue is empty, and both languages put the same values into it', () => {
  const valuesIn = (text = ''): string =>
    [...text.matchAll(/\{\{(\w+)\}\}/g)]
      .map(([, name]) => name)
      .sort()
      .join(' ');
  const different = [...english].filter(([key, text]) => text === '' || valuesIn(text) !== valuesIn(chinese.get(key)));

  expect(different).toEqual([]);
});

test('every fault code of the documentation has a sentence', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'failures.md'), 'utf8');
  const codes = [...page.matchAll(/^### `([a-z-]+)`/gm)].map(([, code = '']) => code);

  expect(codes.length).toBeGreaterThan(30);
  expect(codes.filter((code) => !english.has(`cause.${code}`))).toEqual([]);
});

test('a Chinese text is Chinese: only names, code and values have Latin letters alone', () => {
  const names = /^(?:API|Image Ferry|dispatch|ferry\.yaml|Slack|Webhook)$/;
  const latin = [...chinese].filter(([key, text]) => {
    if (key === 'add.textHint' || names.test(text)) return false;
    return /[a-z]/i.test(text.replaceAll(/\{\{\w+\}\}/g, '')) && !/\p{Script=Han}/u.test(text);
  });

  expect(latin).toEqual([]);
});

test('every text that the console shows is in the catalogues: no source has words of its own', () => {
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.tsx'));
  const found = files.flatMap((file) => wordsIn(file, readFileSync(join(sources, file), 'utf8')));

  expect(files.length).toBeGreaterThan(40);
  expect(found).toEqual([]);
});

test('every key that the console uses is in the catalogues', () => {
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
  const known = new Set([...english.keys()].map((key) => key.replace(/_(one|other)$/, '')));
  const used = files.flatMap((file) =>
    [...readFileSync(join(sources, file), 'utf8').matchAll(/\bt\('([^']+)'/g)].map(([, key]) => key ?? ''),
  );

  expect(used.length).toBeGreaterThan(100);
  expect(used.filter((key) => !known.has(key))).toEqual([]);
});

/** Attributes that a person reads or hears. */
const readAttributes = new Set(['aria-label', 'alt', 'description', 'label', 'placeholder', 'title']);
/** Form of a value, not words of a language. */
const examples = new Set(['linux/amd64, linux/arm64']);

function wordsIn(file: string, source: string): readonly string[] {
  const parsed = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node) && /\p{L}/u.test(node.text)) found.push(`${file}: ${node.text.trim()}`);
    if (ts.isJsxAttribute(node) && node.initializer !== undefined && ts.isStringLiteral(node.initializer)) {
      const { text } = node.initializer;
      if (readAttributes.has(node.name.getText()) && /\p{L}/u.test(text) && !examples.has(text)) {
        found.push(`${file}: ${text}`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return found;
}
