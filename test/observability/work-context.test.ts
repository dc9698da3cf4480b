import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { requestIdOf } from '../../src/observability/context/request-id.js';
import { currentContext, inContext, logFields } from '../../src/observability/context/work-context.js';

describe('the request ID', () => {
  test('that a proxy sends is kept; one that could forge a line of a log is replaced', () => {
    expect(requestIdOf('01J9-abc.def:7_x')).toBe('01J9-abc.def:7_x');
    for (const given of [undefined, '', ' x', 'a b', 'a\nb', '"', 'x'.repeat(129), '-x']) {
      expect(requestIdOf(given)).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    }
  });
});

describe('the context of work', () => {
  test('follows what it awaits, and ends with it', async () => {
    const seen = await inContext({ requestIds: ['a', 'b'] }, async () => {
      await sleep(1);
      return [currentContext(), logFields()];
    });

    expect(seen).toEqual([{ requestIds: ['a', 'b'] }, { requestId: 'a,b' }]);
    expect(logFields()).toEqual({});
  });
});
