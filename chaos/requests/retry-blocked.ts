import { setTimeout as sleep } from 'node:timers/promises';

import { runFerry } from '../../demo/ferry-process.js';
import { connectToDatabase } from '../stage/database-connection.js';
import type { ChaosStage } from '../stage/stage.js';

/** An image is blocked by this while its source has no such repository. */
export const missingCode = 'repository-missing';

const pauseMs = 1500;
const timeoutMs = 10_000;
/** An image that is not blocked within this time was published early enough, or is retried at the end. */
const withinMs = 30_000;

/**
 * Does what a person does who was notified of a blocked image and has published it: `ferry retry IMAGE`.
 *
 * @returns whether it was blocked
 */
export async function retryBlocked({
  stage,
  reference,
  signal,
}: {
  readonly stage: ChaosStage;
  readonly reference: string;
  readonly signal: AbortSignal;
}): Promise<boolean> {
  for (const deadline = performance.now() + withinMs; performance.now() < deadline && !signal.aborted;) {
    const isBlocked = await blockedBy(stage, reference).catch(() => false);
    if (isBlocked && (await runFerry(['retry', reference], stage.environment, undefined, withinMs)).status === 0)
      return true;
    await sleep(pauseMs);
  }
  return false;
}

async function blockedBy(stage: ChaosStage, reference: string): Promise<boolean> {
  const connection = await connectToDatabase(stage.database, { connectTimeout: 5_000 });
  try {
    const [rows] = await connection.query({
      sql: 'select id from images_for_push where image = ? and push_status = 2 and blocked_code = ?',
      values: [reference, missingCode],
      timeout: timeoutMs,
    });
    return (rows as unknown[]).length > 0;
  } finally {
    connection.destroy();
  }
}
