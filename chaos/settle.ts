import { setTimeout as sleep } from 'node:timers/promises';

import { Client, Connection } from '@temporalio/client';
import type { Connection as SqlConnection } from 'mysql2/promise';

import { runFerry } from '../demo/ferry-process.js';
import type { ChaosStage } from './stage/stage.js';
import type { Timeline } from './timeline.js';

export interface Settled {
  readonly isIdle: boolean;
  /** From the end of the faults until nothing was to do. */
  readonly seconds: number;
  readonly syncs: number;
  /** What the last sync run said, if it was not idle. */
  readonly said: string;
}

export interface SettleOptions {
  readonly stage: ChaosStage;
  readonly sql: SqlConnection;
  readonly timeline: Timeline;
  readonly withinMs: number;
}

const pauseMs = 500;

/** Requests sync runs, as a person would, until everything is pushed and no workflow runs. Nothing is retried by hand. */
export async function settle({ stage, sql, timeline, withinMs }: SettleOptions): Promise<Settled> {
  const startedAt = performance.now();
  const left = (): number => withinMs - (performance.now() - startedAt);
  const seconds = (): number => (performance.now() - startedAt) / 1000;
  let syncs = 0;
  let said = '';
  while (left() > 0) {
    const { status, output, errors } = await runFerry(
      ['sync', '--wait'],
      stage.environment,
      undefined,
      Math.max(1000, left()),
    );
    syncs += 1;
    said = `${output}${errors}`.trim();
    timeline.say(`ferry sync --wait ended with ${status}: ${said.split('\n')[0]}`);
    const pending = await pendingRows(sql);
    const workflows = await runningWorkflows(stage, Math.min(20_000, left()));
    if (status === 0 && pending === 0 && workflows.length === 0)
      return { isIdle: true, seconds: seconds(), syncs, said };
    timeline.say(`${pending} rows pending, workflows: ${workflows.join(' ') || 'none'}`);
    await sleep(pauseMs);
  }
  return { isIdle: false, seconds: seconds(), syncs, said };
}

async function pendingRows(sql: SqlConnection): Promise<number> {
  const [rows] = await sql.query(
    'select count(*) as count from images_for_push where push_status = 0 or push_status is null',
  );
  return Number((rows as { count: number | string }[])[0]?.count);
}

/** Waits a little: what has just ended is listed as running for a moment. @returns their IDs */
async function runningWorkflows({ lines }: ChaosStage, withinMs: number): Promise<readonly string[]> {
  const connection = await Connection.connect({ address: lines.temporal.host });
  try {
    const client = new Client({ connection });
    const deadline = performance.now() + withinMs;
    for (;;) {
      const ids: string[] = [];
      for await (const { workflowId } of client.workflow.list({ query: "ExecutionStatus = 'Running'" }))
        ids.push(workflowId);
      if (ids.length === 0 || performance.now() > deadline) return ids;
      await sleep(200);
    }
  } finally {
    await connection.close();
  }
}
