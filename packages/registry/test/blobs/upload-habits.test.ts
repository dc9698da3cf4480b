import { expect, test } from 'vitest';

import { LearnedUploadHabits } from '../../src/blobs/upload-habits.js';

const hour = 60 * 60_000;

test('a registry that has refused chunks gets some again after a day, and one that is known to refuse them never', () => {
  let now = 0;
  const learned = new LearnedUploadHabits('a.example.com', { known: {}, store: undefined, now: () => now });
  const known = new LearnedUploadHabits('b.example.com', {
    known: { takesChunks: false },
    store: undefined,
    now: () => now,
  });

  learned.learn({ takesChunks: false });
  now = 23 * hour;
  const before = learned.takesChunks;
  learned.learn({ takesChunks: false });
  now = 46 * hour;
  const again = learned.takesChunks;
  now = 47 * hour;

  expect([before, again, learned.takesChunks, known.takesChunks]).toEqual([false, false, undefined, false]);
});
