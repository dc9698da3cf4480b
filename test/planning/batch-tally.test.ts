import { afterEach, expect, test, vi } from 'vitest';

import type { CopiedTargets, ImagePlan } from '../../src/contract/activity-types.js';
import { BatchTally, nothingOver } from '../../src/planning/batch-tally.js';

const plan: ImagePlan = { kind: 'nothing' };
const copied: CopiedTargets = { done: [], open: [], missingPlatforms: [], bytesRead: 7 };

afterEach(() => {
  vi.useRealTimers();
});

test('the plan of an image is not handed on when it got old while others were copied', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const tally = new BatchTally(nothingOver);
  tally.addSingle({ image: 'old', plan });
  tally.addSingle({ image: 'copied', plan, copied });
  vi.advanceTimersByTime(61_000);
  tally.addSingle({ image: 'new', plan });

  expect(tally.result().single).toEqual([{ image: 'old' }, { image: 'copied', plan, copied }, { image: 'new', plan }]);
});

test('what single images add to a result is limited, and no image is left out', () => {
  const tally = new BatchTally(nothingOver);
  const platforms = Array.from({ length: 20_000 }, () => 'linux/amd64');
  for (let n = 0; n < 50; n += 1) {
    tally.addSingle({ image: `image-${n}`, plan, copied: { ...copied, missingPlatforms: platforms } });
  }

  const { single } = tally.result();

  expect(single).toHaveLength(50);
  expect(JSON.stringify(single).length).toBeLessThan(1.5 * 1024 * 1024);
});

test('a heartbeat that is sent later says what was over when it was made', () => {
  const tally = new BatchTally(nothingOver);
  const heartbeat = tally.heartbeat();

  tally.addSettled({ image: 'a', state: 'pushed', targets: [], notDone: [], bytesRead: 0 });

  expect(heartbeat).toMatchObject({ settled: { images: 0 }, over: [] });
});
