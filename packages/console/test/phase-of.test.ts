import { expect, test } from 'vitest';

import type { Progress, Transfer } from '../src/api/types.js';
import { phaseOf } from '../src/phase/phase-of.js';

const image = 'docker.io/library/nginx:1.27';
const stalled = { host: 'registry.example.com', forMs: 12_000, awaits: 'target-accepts' };
const idle: Progress = {
  phase: 'idle',
  at: 1,
  queued: 0,
  inFlight: 0,
  images: 0,
  pushed: 0,
  waiting: 0,
  retrying: 0,
  blocked: 0,
  working: [],
  transfers: [],
};
const running: Progress = { ...idle, run: 'run-1', phase: 'copying' };
const target = (state: 'moving' | 'done' | 'failed', bytesDone: number): Transfer['targets'][number] => ({
  target: 'aliyun',
  state,
  bytesDone,
  bytesTotal: 1_000,
  layers: [],
});
const transfer = (change: Partial<Transfer>): Progress => ({
  ...running,
  working: [image],
  transfers: [{ image, bytesRead: 0, bytesTotal: 1_000, readRate: 0, targets: [], ...change }],
});

test.each([
  ['pending without a run: at the next one', 'pending', idle, { name: 'next-run' }],
  ['pending while nothing is known of a run', 'pending', null, { name: 'next-run' }],
  ['pending while a run is in progress: queued', 'pending', running, { name: 'queued' }],
  ['taken by the run, without a byte: planning', 'pending', { ...running, working: [image] }, { name: 'planning' }],
  ['tried again by the run: planning', 'retrying', { ...running, working: [image] }, { name: 'planning' }],
  ['reading only', 'pending', transfer({ bytesRead: 250 }), { name: 'copying', percent: 25 }],
  ['half sent', 'pending', transfer({ targets: [target('moving', 500)] }), { name: 'copying', percent: 50 }],
  [
    'one of two targets has it',
    'pending',
    transfer({ targets: [target('done', 1_000), target('moving', 500)] }),
    { name: 'copying', percent: 75 },
  ],
  ['everything sent', 'pending', transfer({ targets: [target('moving', 1_000)] }), { name: 'verifying' }],
  ['every target is complete', 'pending', transfer({ targets: [target('done', 1_000)] }), { name: 'verifying' }],
  ['the source stalls', 'pending', transfer({ stalled }), { name: 'stalled' }],
  ['a target stalls', 'pending', transfer({ targets: [{ ...target('moving', 100), stalled }] }), { name: 'stalled' }],
  ['blocked, and not in flight', 'blocked', running, undefined],
  ['pushed', 'pushed', running, undefined],
  ['withdrawn', 'withdrawn', idle, undefined],
] as const)('the phase of a row follows its state and the run: %s', (_title, state, progress, phase) => {
  expect(phaseOf({ image, state }, progress)).toEqual(phase);
});

test('a row that waits for the pull allowance of its source says until when, and nothing once a run works on it', () => {
  const row = { image, state: 'waiting', allowanceAt: 1_764_425_100_000 } as const;

  expect(phaseOf(row, idle)).toEqual({ name: 'allowance', until: 1_764_425_100_000 });
  expect(phaseOf(row, running)).toEqual({ name: 'allowance', until: 1_764_425_100_000 });
  expect(phaseOf(row, { ...running, working: [image] })).toEqual({ name: 'planning' });
  expect(phaseOf({ image, state: 'waiting' }, idle)).toBeUndefined();
});
