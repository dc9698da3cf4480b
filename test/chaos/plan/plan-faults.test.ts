import { expect, test } from 'vitest';

import { planFaults } from '../../../chaos/plan/plan-faults.js';

const halfAnHour = { seconds: 1800, killEverySeconds: 8 };

test('the faults of a run follow from its seed alone', () => {
  const first = planFaults({ seed: 42, ...halfAnHour });
  const again = planFaults({ seed: 42, ...halfAnHour });
  const other = planFaults({ seed: 43, ...halfAnHour });

  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});

test('half an hour has more than 200 kills, and every kind of fault for every kind of part', () => {
  const faults = planFaults({ seed: 1, ...halfAnHour });

  const kills = faults.flatMap((fault) => (fault.kind === 'kill' ? [fault.part] : []));
  expect(kills.length).toBeGreaterThan(200);
  expect(new Set(kills.map((part) => part.replace(/-\d$/, '')))).toEqual(
    new Set(['worker', 'server', 'temporal', 'database', 'source', 'target']),
  );
  expect(new Set(faults.map(({ kind }) => kind))).toEqual(
    new Set(['kill', 'restart', 'freeze', 'reset', 'stall', 'full-disk', 'absence']),
  );
  const lines = faults.flatMap((fault) => ('line' in fault ? [fault.line] : []));
  expect(new Set(lines).size).toBe(7);
});

test('targets stay away for long enough that people are notified, and in a short run at most for half of it', () => {
  const absences = (options: { readonly seed: number; readonly seconds: number; readonly killEverySeconds: number }) =>
    planFaults(options).flatMap((fault) => (fault.kind === 'absence' ? [fault.forMs] : []));

  const long = absences({ seed: 1, ...halfAnHour });
  const short = absences({ seed: 1, seconds: 60, killEverySeconds: 8 });

  expect(long.length).toBeGreaterThan(8);
  expect(Math.min(...long)).toBeGreaterThanOrEqual(50_000);
  expect(short).toEqual([30_000]);
});

test('faults are in the order of their times, and none is after the end', () => {
  const times = planFaults({ seed: 3, seconds: 90, killEverySeconds: 5 }).map(({ at }) => at);

  expect(times).toEqual(times.toSorted((one, other) => one - other));
  expect(times.every((at) => at >= 0 && at <= 90_000)).toBe(true);
});
