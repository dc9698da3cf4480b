import { setTimeout as sleep } from 'node:timers/promises';

import { Client, Connection } from '@temporalio/client';
import type { Connection as SqlConnection } from 'mysql2/promise';

import { runFerry } from '../demo/ferry-process.js';
import { missingCode } from './requests/retry-blocked.js';
import type { ChaosStage } from './stage/stage.js';
import type { Timeline } from './timeline.js';

export interface Settled {
  /** Rows that were blocked because the disk of a target was full: a person makes room, and requests them again. */
  readonly roomMade: number;
  /** Rows that were blocked because their repository was published later, and that no one has retried yet. */
  readonly foundLater: number;
  /** Unfinished uploads that were still recorded when everything was pushed; a run after ten minutes cancels them. */
  readonly recordedUploads: number;
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
/** Temporal answers within this time, also on a busy machine. */
const answerMs = 30_000;
const retryMs = 60_000;

/** The ferry takes a record that was saved later for one of a copy in flight. */
const unwantedAfterMs = 10 * 60 * 1000 + 1000;

/** Requests sync runs, as a person would, until everything is pushed and no workflow runs. Nothing is retried by hand. */
export async function settle(options: SettleOptions): Promise<Settled> {
  const { stage, sql, timeline, withinMs } = options;
  const startedAt = performance.now();
  const left = (): number => withinMs - (performance.now() - startedAt);
  let syncs = 0;
  let said = '';
  const isIdleAfterSync = async (): Promise<boolean> => {
    const timeoutMs = Math.max(1000, Math.round(left()));
    const { status, output, errors } = await runFerry(['sync', '--wait'], stage.environment, undefined, timeoutMs);
    syncs += 1;
    said = `${output}${errors}`.trim();
    timeline.say(`ferry sync --wait ended with ${status}: ${said.split('\n')[0]}`);
    const pending = await pendingRows(sql);
    const workflows = await runningWorkflows(stage, Math.min(20_000, left())).catch((error: unknown) => [
      String(error),
    ]);
    if (status === 0 && pending === 0 && workflows.length === 0) return true;
    timeline.say(`${pending} rows pending, workflows: ${workflows.join(' ') || 'none'}`);
    return false;
  };
  const untilIdle = async (): Promise<boolean> => {
    while (left() > 0) {
      if (await isIdleAfterSync()) return true;
      await sleep(pauseMs);
    }
    return false;
  };

  const isIdle = await untilIdle();
  const { roomMade, foundLater } = await retryExpected(options);
  const seconds = (performance.now() - startedAt) / 1000;
  const recordedUploads = await age(sql);
  // A run of its own: the one before may have begun earlier, and have checked a tag before it moved.
  const isClean = await untilIdle();
  return { recordedUploads, roomMade, foundLater, isIdle: isIdle && isClean, seconds, syncs, said };
}

/** Does what docs/failures.md says to a person whose target was full, or whose image was published too late. */
async function retryExpected({
  stage,
  sql,
  timeline,
}: SettleOptions): Promise<Pick<Settled, 'roomMade' | 'foundLater'>> {
  const [rows] = await sql.query(
    `select blocked_code as code, count(*) as count from images_for_push
      where push_status = 2 and duplicate_of is null group by blocked_code`,
  );
  const counts = new Map(
    (rows as { code: string; count: number | string }[]).map((row) => [row.code, Number(row.count)]),
  );
  const [roomMade, foundLater] = [counts.get('target-full') ?? 0, counts.get(missingCode) ?? 0];
  const others = [...counts.values()].reduce((sum, count) => sum + count, 0) - roomMade - foundLater;
  // What another fault has blocked must stay so, to be found.
  if (roomMade + foundLater === 0 || others > 0) return { roomMade: 0, foundLater: 0 };
  const { status } = await runFerry(['retry', '--blocked'], stage.environment, undefined, retryMs);
  const what = `${roomMade} rows were blocked by a full disk, ${foundLater} were published late`;
  timeline.say(`${what}; ferry retry --blocked ended with ${status}`);
  return { roomMade, foundLater };
}

/** Makes the records of unfinished uploads as old as they would be in ten minutes. @returns their number */
async function age(sql: SqlConnection): Promise<number> {
  const [result] = await sql.query('update upload_sessions set saved_at = saved_at - ?', [unwantedAfterMs]);
  return (result as { affectedRows: number }).affectedRows;
}

async function pendingRows(sql: SqlConnection): Promise<number> {
  const [rows] = await sql.query(
    'select count(*) as count from images_for_push where push_status = 0 or push_status is null',
  );
  return Number((rows as { count: number | string }[])[0]?.count);
}

/** The workflow of notifications never ends. */
const query = "ExecutionStatus = 'Running' and WorkflowType != 'Notify'";

/** Waits a little: what has just ended is listed as running for a moment. @returns their IDs */
async function runningWorkflows({ lines }: ChaosStage, withinMs: number): Promise<readonly string[]> {
  const connection = await Connection.connect({ address: lines.temporal.host });
  try {
    const client = new Client({ connection });
    const deadline = performance.now() + withinMs;
    for (;;) {
      const ids: string[] = [];
      await connection.withDeadline(Date.now() + answerMs, async () => {
        for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
      });
      if (ids.length === 0 || performance.now() > deadline) return ids;
      await sleep(200);
    }
  } finally {
    await connection.close();
  }
}
