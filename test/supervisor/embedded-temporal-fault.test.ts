import { expect, test } from 'vitest';

import { temporalKeepsEnding } from '../../src/supervisor/embedded-temporal-fault.js';

test('a Temporal that ends without a word is told what that may mean', () => {
  expect(temporalKeepsEnding('Error: bind', '/data/logs/temporal.log').message).toContain('(Error: bind)');
  expect(temporalKeepsEnding('', '/data/logs/temporal.log').message).toContain(
    'temporal.log; it wrote nothing there: is the disk full?',
  );
});
