import { expect, test } from 'vitest';

import { visibleJson, visibleLines, visibleText } from '../../src/domain/visible-text.js';

test.each([
  ['a colour', '\u001b[31m', '\\u001b[31m'],
  ['a C1 control', '\u009b2J', '\\u009b2J'],
  ['a NUL', '\u0000', '\\u0000'],
  ['DEL', '\u007f', '\\u007f'],
  ['a carriage return', 'right\rwrong', 'right\\u000dwrong'],
  ['a separator of lines', '\u2028', '\\u2028'],
  ['a separator of paragraphs', '\u2029', '\\u2029'],
  ['a text that is turned round', '\u202egpj.exe', '\\u202egpj.exe'],
  ['an isolate', '\u2066a\u2069', '\\u2066a\\u2069'],
  ['a mark of direction', '\u200e\u061c', '\\u200e\\u061c'],
  ['zero width', 'ngi\u200bnx\u200d\u2060\ufeff', 'ngi\\u200bnx\\u200d\\u2060\\ufeff'],
  ['a soft hyphen', 'ngi\u00adnx', 'ngi\\u00adnx'],
  ['a filler that looks like nothing', 'a\u3164', 'a\\u3164'],
  ['letters of a tag', '\u{e0041}', '\\udb40\\udc41'],
  ['half a character', '\ud83d', '\\ud83d'],
])('%s is shown as an escape, in lines and in JSON', (_what, text, shown) => {
  expect(visibleText(text)).toBe(shown);
  expect(visibleLines(text)).toBe(shown);
  expect(visibleJson(JSON.stringify({ text }))).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u3164]/u);
  expect(JSON.parse(visibleJson(JSON.stringify({ text })))).toEqual({ text });
});

test('text in other languages is not changed', () => {
  const text = '镜像 nginx:1.27 – «é» 🚢 ﷽ עברית';

  expect(visibleText(text)).toBe(text);
  expect(visibleJson(text)).toBe(text);
});

test('a line break is kept only by visibleLines', () => {
  expect(visibleText('one\ntwo')).toBe('one\\u000atwo');
  expect(visibleLines('one\ntwo')).toBe('one\ntwo');
});

test("no line of untrusted text is a command to GitHub's runners", () => {
  expect(visibleText('::error::no')).toBe('\\u003a:error::no');
  expect(visibleLines('one\n  ::set-output name=a::b\n1::2')).toBe('one\n  \\u003a:set-output name=a::b\n1::2');
  expect(visibleText('found ##[add-mask]e')).toBe('found #\\u0023[add-mask]e');
  expect(JSON.parse(visibleJson(JSON.stringify({ text: '##[error]' })))).toEqual({ text: '##[error]' });
  expect(visibleJson(JSON.stringify({ text: '##[error]' }))).not.toContain('##[');
});
