import { expect, test } from 'vitest';

import { TransferMeter, describeContinued, describeRead, describeStall } from '../../src/domain/transfer-meter.js';

function planned(bytes: number, ...targets: string[]) {
  return { type: 'planned', bytes, targets: targets.map((target) => ({ target, bytes })) } as const;
}

test('the rate and the time left of a copy are those of the last seconds', () => {
  const meter = new TransferMeter();
  meter.add(planned(100_000_000, 'a', 'b'), 0);
  meter.state(0);
  for (let second = 1; second <= 10; second += 1) {
    const bytes = second <= 5 ? 1_000_000 : 4_000_000;
    meter.add({ type: 'read', bytes }, second * 1_000);
    for (const target of ['a', 'b']) meter.add({ type: 'sent', target, digest: 'x', bytes }, second * 1_000);
    meter.state(second * 1_000);
  }

  const state = meter.state(10_000);

  expect(state).toMatchObject({ bytesRead: 25_000_000, bytesTotal: 100_000_000, readRate: 4_000_000 });
  expect(state.secondsLeft).toBe(Math.ceil((2 * 75_000_000) / 8_000_000));
  expect(describeRead(state)).toBe('25.0 MB of 100.0 MB read, 4.0 MB/s, 19 s left');
});

test('an upload that continues counts from where it continued, and one that was sent twice counts once', () => {
  const meter = new TransferMeter();
  meter.add(planned(1_000, 'a'), 0);
  meter.add({ type: 'sent', target: 'a', digest: 'x', bytes: 700 }, 0);
  meter.add({ type: 'continued', target: 'a', digest: 'x', offset: 500, size: 1_000, after: 'break' }, 0);
  meter.add({ type: 'sent', target: 'a', digest: 'x', bytes: 100 }, 0);
  expect(meter.state(0).targets).toMatchObject([
    { target: 'a', bytesDone: 600, continued: { offset: 500, size: 1_000 } },
  ]);

  meter.add({ type: 'sent', target: 'a', digest: 'x', bytes: 900 }, 0);
  expect(meter.state(0).targets[0]?.bytesDone).toBe(1_000);
});

test('a stall is shown until a byte moves, or the engine does not repeat it', () => {
  const meter = new TransferMeter();
  const stall = { type: 'stalled', target: 'a', host: 'r.example', forMs: 12_000, awaits: 'target-accepts' } as const;
  meter.add(planned(1_000, 'a', 'b'), 0);
  meter.add(stall, 12_000);
  expect(meter.state(13_000).targets.map(({ stalled }) => stalled && describeStall(stalled))).toEqual([
    'stalled for 12 s: r.example accepts nothing',
    undefined,
  ]);

  meter.add({ type: 'sent', target: 'a', digest: 'x', bytes: 1 }, 13_500);
  expect(meter.state(13_500).targets[0]?.stalled).toBeUndefined();

  meter.add(stall, 14_000);
  expect(meter.state(20_000).targets[0]?.stalled).toBeUndefined();
});

test('a source that sends nothing differs from a target that accepts nothing', () => {
  const meter = new TransferMeter();
  meter.add(planned(1_000, 'a'), 0);
  meter.add({ type: 'stalled', host: 'hub.example', forMs: 10_000, awaits: 'source-bytes' }, 0);
  const state = meter.state(0);
  expect(state.stalled && describeStall(state.stalled)).toBe('stalled for 10 s: hub.example sends nothing');
  expect(state.targets[0]?.stalled).toBeUndefined();

  meter.add({ type: 'read', bytes: 1 }, 0);
  expect(meter.state(0).stalled).toBeUndefined();
});

test('blobs that a target had before the plan are no part of what it lacked', () => {
  const meter = new TransferMeter();
  meter.add({ type: 'blob', target: 'a', digest: 'x', size: 900 }, 0);
  meter.add(planned(100, 'a'), 0);
  meter.add({ type: 'blob', target: 'a', digest: 'y', size: 60 }, 0);
  expect(meter.state(0).targets).toMatchObject([{ bytesDone: 60, bytesTotal: 100, state: 'moving' }]);

  meter.add({ type: 'target-done', target: 'a' }, 0);
  expect(meter.state(0).targets).toMatchObject([{ bytesDone: 100, state: 'done' }]);
});

test.each([
  [undefined, 'after a broken connection'],
  ['break', 'after a broken connection'],
  ['slow-target', 'on its own: it was much slower than the other targets'],
  ['earlier-process', 'where an earlier process had left it'],
] as const)('a continued upload is described with both sizes and what it continued after (%s)', (after, words) => {
  expect(describeContinued({ offset: 1_900_000_000, size: 2_000_000_000, after })).toBe(
    `continued at 1.90 GB of 2.00 GB ${words}`,
  );
});

test('each blob in flight to a target is shown with what was sent of it, and none once it is there', () => {
  const meter = new TransferMeter();
  meter.add({ type: 'planned', bytes: 1_500, targets: [{ target: 'a', bytes: 1_500 }] }, 0);
  meter.add({ type: 'sent', target: 'a', digest: 'x', bytes: 700, size: 1_000 }, 0);
  meter.add({ type: 'sent', target: 'a', digest: 'y', bytes: 100, size: 500 }, 0);
  const layers = (): unknown => meter.state(0).targets[0]?.layers;

  expect(layers()).toEqual([
    { digest: 'x', bytesDone: 700, bytesTotal: 1_000 },
    { digest: 'y', bytesDone: 100, bytesTotal: 500 },
  ]);

  meter.add({ type: 'blob', target: 'a', digest: 'x', size: 1_000 }, 0);
  expect(layers()).toEqual([{ digest: 'y', bytesDone: 100, bytesTotal: 500 }]);
  meter.add({ type: 'target-done', target: 'a' }, 0);
  expect(layers()).toBeUndefined();
});
