import { expect, test } from 'vitest';

import { asMarkdownText, fromMarkdownText } from '../../src/domain/markdown-text.js';

test("untrusted text contains no markup and no control characters in Temporal's web UI, and is read back unchanged", () => {
  const text = 'Waiting: [click](https://evil.example) <img src=x> `a` \\ \u001b[2J\u202e';

  const shown = asMarkdownText(text);

  expect(shown).toBe('Waiting: \\[click\\](https://evil.example) \\<img src=x\\> \\`a\\` \\\\ \\\\u001b\\[2J\\\\u202e');
  expect(fromMarkdownText(shown)).toBe('Waiting: [click](https://evil.example) <img src=x> `a` \\ \\u001b[2J\\u202e');
});
