import { expect, test } from 'vitest';

import { asMarkdownText, fromMarkdownText } from '../../src/domain/markdown-text.js';

test("what others wrote is no markup and no control in Temporal's web page, and is read back as it was shown", () => {
  const text = 'Waiting: [click](https://evil.example) <img src=x> `a` \\ \u001b[2J\u202e';

  const shown = asMarkdownText(text);

  expect(shown).toBe('Waiting: \\[click\\](https://evil.example) \\<img src=x\\> \\`a\\` \\\\ \\\\u001b\\[2J\\\\u202e');
  expect(fromMarkdownText(shown)).toBe('Waiting: [click](https://evil.example) <img src=x> `a` \\ \\u001b[2J\\u202e');
});
