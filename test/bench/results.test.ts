import { expect, test } from 'vitest';

import { drawChart } from '../../bench/chart.js';
import { lessProcessorTime, peakMemory, timesFaster, within } from '../../bench/goals.js';
import { goalLine, reportOf } from '../../bench/report.js';
import type { Entry, Outcome } from '../../bench/scenario.js';

const own: Entry = entry('ferry copy', [2000, 9000, 1000], 1500);
const peers: readonly Entry[] = [entry('slow', [8000, 8000, 8000], 900), entry('quick', [3000, 3100, 2900], 2500)];

test('a goal compares the median with the fastest peer, and says what was found', () => {
  expect(timesFaster(1.5, [own, ...peers])).toMatchObject({ met: true, found: '1.50× quick' });
  expect(timesFaster(1.6, [own, ...peers])).toMatchObject({ met: false });
  expect(lessProcessorTime([own, ...peers])).toMatchObject({ met: false, found: '1.50 s against 0.90 s' });
  expect(peakMemory(130, own)).toMatchObject({ met: true, found: '100 MB' });
  expect(within(5, { ferry: own, ofMs: 1800, what: 'it' })).toMatchObject({ met: false, found: '11.1 %, 2.00 s' });
});

test('without a peer nothing is claimed', () => {
  expect(goalLine(timesFaster(1.5, [own]))).toContain('not judged');
});

test('a missed goal is in the report as missed, and columns without values are left out', () => {
  const report = reportOf(outcome());

  expect(report).toContain('- **missed**: at least 1.6× faster than the fastest peer (1.50× quick)');
  expect(report).toContain('| ferry copy | 2.00 | 1.50 | 100 MB | 3 |');
  expect(report).not.toContain('requests per image');
});

test('the chart has a bar for each contestant, and no name breaks it', () => {
  const chart = drawChart([{ ...outcome(), title: 'A < B & C' }]);

  expect(chart.match(/<rect x=/g)).toHaveLength(3);
  expect(chart).toContain('A &lt; B &amp; C');
});

function outcome(): Outcome {
  const entries = [own, ...peers];
  return { title: 'Race', setting: 'Somewhere.', entries, goals: [timesFaster(1.6, entries)] };
}

function entry(name: string, walls: readonly number[], cpuMs: number): Entry {
  return { name, runs: walls.map((wallMs) => ({ wallMs, cpuMs, peakBytes: 100_000_000 })) };
}
