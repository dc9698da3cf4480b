import { expect, test } from 'vitest';

import { languageOfBrowser } from '../src/i18n/languages.js';

test.each([
  [['zh-CN', 'en'], 'zh-CN'],
  [['zh-TW'], 'zh-CN'],
  [['en-GB', 'zh-CN'], 'en'],
  [['fr', 'zh'], 'zh-CN'],
  [['fr'], 'en'],
  [[], 'en'],
] as const)('a browser that prefers %j gets %s', (preferred, language) => {
  expect(languageOfBrowser(preferred)).toBe(language);
});
