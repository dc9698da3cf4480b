import { setTimeout as sleep } from 'node:timers/promises';

import { sourceNames, targetNames, workerNames } from '../plan/parts.js';
import type { Timeline } from '../timeline.js';
import { processesWith } from '../verify/left-over.js';
import type { Violation } from '../verify/violation.js';
import type { ChaosStage } from './stage.js';

const graceMs = 60_000;
const endedWithinMs = 3_000;

/** Ends every part, those that need others first. A second call finds nothing to do. */
export async function stopStage(stage: ChaosStage, timeline: Timeline): Promise<readonly Violation[]> {
  const violations: Violation[] = [];
  const orderly: readonly string[] = [...workerNames, 'server'];
  for (const names of [
    [...workerNames, 'server'],
    ['temporal', 'database', ...sourceNames, ...targetNames],
  ] as const) {
    await Promise.all(
      names.map(async (name) => {
        const how = await stage.parts[name].stop(graceMs);
        if (how === undefined) return;
        timeline.say(`${name} stopped with ${how}`);
        if (orderly.includes(name) && how !== 'status 0')
          violations.push({ promise: 'left', text: `${name} ended with ${how} when it was asked to` });
      }),
    );
  }
  const deadline = performance.now() + endedWithinMs;
  let left = processesWith(stage.mark);
  while (left.length > 0 && performance.now() < deadline) {
    await sleep(100);
    left = processesWith(stage.mark);
  }
  return [
    ...violations,
    ...left.map((text): Violation => ({ promise: 'left', text: `a process still runs: ${text}` })),
  ];
}
