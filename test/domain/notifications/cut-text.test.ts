import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { cutLines, cutText, utf8Length } from '../../../src/domain/notifications/cut-text.js';

/** Texts with what is easily cut in the wrong place: Chinese, emoji of several code points, combining marks, flags. */
const hard = fc
  .array(fc.constantFrom('a', ' ', '镜', '像', 'é', 'e\u0301', '👩‍👩‍👧‍👦', '🇨🇳', '👍🏽', '…'), { maxLength: 60 })
  .map((parts) => parts.join(''));
const segmenter = new Intl.Segmenter('zh-CN', { granularity: 'grapheme' });
const graphemes = (text: string): string[] => Array.from(segmenter.segment(text), ({ segment }) => segment);

test('the length of a text in UTF-8 is that of its encoded bytes', () => {
  fc.assert(
    fc.property(fc.oneof(hard, fc.string({ unit: 'binary' })), (text) => {
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
    }),
  );
});

test('a text that is cut keeps whole characters as people see them, and fits to the byte', () => {
  fc.assert(
    fc.property(hard, fc.integer({ min: 0, max: 120 }), (text, longest) => {
      const cut = cutText(text, longest);

      expect(utf8Length(cut)).toBeLessThanOrEqual(longest);
      if (cut === text || cut === '') return;
      expect(cut.endsWith('…')).toBe(true);
      const kept = graphemes(cut.slice(0, -1));
      expect(graphemes(text).slice(0, kept.length)).toEqual(kept);
      const next = graphemes(text)[kept.length] ?? '';
      expect(utf8Length(`${kept.join('')}${next}…`)).toBeGreaterThan(longest);
    }),
  );
});

test('lines that are cut fit, keep their order, and never contain a part of a link', () => {
  const line = fc.record({ text: hard, href: fc.option(fc.webUrl(), { nil: undefined }) });
  const written = ({ text, href }: { text: string; href?: string | undefined }): string =>
    href === undefined ? `\n${text.replaceAll('a', '&amp;')}` : `\n[${text}](${href})`;
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), fc.integer({ min: 0, max: 400 }), (lines, longest) => {
      const kept = cutLines(lines, longest, written);

      expect(utf8Length(kept.map(written).join(''))).toBeLessThanOrEqual(longest);
      const links = lines.filter(({ href }) => href !== undefined);
      expect(links).toEqual(expect.arrayContaining(kept.filter(({ href }) => href !== undefined)));
    }),
  );
});

test('the link at the end of a message stays when the text before it is too long', () => {
  const link = { text: 'Details', href: 'https://ferry.example.com/images' };

  const kept = cutLines([{ text: '镜像'.repeat(100) }, link], 200, ({ text, href }) => `\n${text}${href ?? ''}`);

  expect(kept).toHaveLength(2);
  expect(kept[0]?.text).toMatch(/^镜像.*…$/u);
  expect(kept[1]).toEqual(link);
});
