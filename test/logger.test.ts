import { expect, test } from 'vitest';

import { createLogger } from '../src/logger.js';

test('a log line contains no control characters and keeps the data', () => {
  const lines: string[] = [];
  const logger = createLogger('worker', { write: (line: string) => void lines.push(line) });
  const image = 'nginx\u001b[2J\u009b\u007f\u202e\u2028\u200b\n::error::\u2066';

  logger.warn({ image, error: new Error(image) }, image);

  expect(lines).toHaveLength(1);
  const [line = ''] = lines;
  expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(JSON.parse(line)).toMatchObject({ image, msg: image });
});
