import { expect, test } from 'vitest';

import { NewStalls } from '../../src/domain/new-stalls.js';

test('a stall is new once, whatever other blobs and targets do, and again after its blob has moved', () => {
  const stalls = new NewStalls();
  const stalled = { type: 'stalled', target: 'a', digest: 'sha256:1' } as const;

  const news = [
    stalls.isNew(stalled),
    stalls.isNew({ type: 'sent', target: 'b', digest: 'sha256:1' }),
    stalls.isNew({ type: 'read', digest: 'sha256:1' }),
    stalls.isNew(stalled),
    stalls.isNew({ type: 'sent', target: 'a', digest: 'sha256:1' }),
    stalls.isNew(stalled),
  ];

  expect(news).toEqual([true, false, false, false, false, true]);
});

test('a source that sends nothing stalls for itself', () => {
  const stalls = new NewStalls();
  const stalled = { type: 'stalled', digest: 'sha256:1' } as const;

  const news = [
    stalls.isNew(stalled),
    stalls.isNew({ type: 'sent', target: 'a', digest: 'sha256:1' }),
    stalls.isNew(stalled),
    stalls.isNew({ type: 'read', digest: 'sha256:1' }),
    stalls.isNew(stalled),
  ];

  expect(news).toEqual([true, false, false, false, true]);
});
