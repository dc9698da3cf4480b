import { expect, test } from 'vitest';

import { temporalKeepsEnding } from '../../src/supervisor/embedded-temporal-fault.js';

test('a Temporal server that exits without logging is reported with a possible cause', () => {
  expect(temporalKeepsEnding('Error: bind', '/data/logs/temporal.log').message).toContain('(Error: bind)');
  expect(temporalKeepsEnding('', '/data/logs/temporal.log').message).toContain(
    'temporal.log; it logged nothing: check whether the disk is full',
  );
});
