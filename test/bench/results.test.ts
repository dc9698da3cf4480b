import { expect, test } from 'vitest';

import { drawChart } from '../../bench/chart.js';
import { reasonOf } from '../../bench/failure.js';
import { arrives, lessProcessorTime, peakMemory, timesFaster, within, withinBound } from '../../bench/goals.js';
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

test('results without a peer to compare with claim nothing', () => {
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

test('a peer that fails is no rival, and a ferry that fails misses every goal of its time', () => {
  const failing: Entry = { name: 'failing', runs: [{ wallMs: 10, failure: 'fatal: reset' }] };

  expect(timesFaster(1.5, [own, failing, ...peers])).toMatchObject({ met: true, found: '1.50× quick' });
  expect(timesFaster(1.5, [own, failing])).toMatchObject({ met: true, found: 'no peer arrives' });
  expect(timesFaster(1.5, [failing, ...peers])).toMatchObject({ met: false, found: 'the ferry failed' });
  expect(withinBound(1.5, failing, 1000)).toMatchObject({ met: false });
  expect(arrives(failing)).toMatchObject({ met: false, found: 'fatal: reset' });
  expect(reportOf({ ...outcome(), entries: [failing] })).toContain('| failing | fails after 0.01 | 0 of 1 |');
});

test("the reason of a failure is in the report without an upload's address", () => {
  const talk = 'copying\nfailed: x: PATCH http://h/v2/a/blobs/uploads/1?_state=secret: reset\n0 of 1 target done\n';

  expect(reasonOf(talk)).toBe('failed: x: PATCH http://h/v2/a/blobs/uploads/1?… reset');
});
