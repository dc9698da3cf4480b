import { describe, expect, test } from 'vitest';

import { parseTraceParent, printTraceParent, spanIdOfRun } from '../../src/domain/trace-parent.js';

const text = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('a traceparent', () => {
  test('is read and printed in the form of W3C Trace Context', () => {
    const parsed = parseTraceParent(text);

    expect(parsed).toEqual({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      isSampled: true,
    });
    expect(parsed === undefined ? '' : printTraceParent(parsed)).toBe(text);
  });

  test.each([
    undefined,
    '',
    text.toUpperCase(),
    text.replace('00-', '01-'),
    `${text}-more`,
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
    '00-0af7651916cd43dd8448eb211c80319c\n-b7ad6b7169203331-01',
  ])('that is %j counts as none', (invalid) => {
    expect(parseTraceParent(invalid)).toBeUndefined();
  });

  test('of a workflow run has the end of its run ID', () => {
    expect(spanIdOfRun('01997a6e-7bcd-7d3f-8c1b-0f4e2a9d6b51')).toBe('8c1b0f4e2a9d6b51');
    expect(spanIdOfRun('not-a-run')).toBeUndefined();
  });
});
