import type { TemporalClient } from '../client/connect.js';
import { reconcileSchedules } from '../client/reconcile-schedules.js';
import type { SchedulesConfig } from '../config/schedule-settings.js';
import { errorMessage } from '../domain/error-message.js';
import type { Logger } from '../logger.js';

/** A worker that may not create schedules still copies; the missing schedules have to be visible in the log. */
export async function reconcileOnStart(
  client: TemporalClient,
  schedules: SchedulesConfig,
  logger: Logger,
): Promise<void> {
  if (!schedules.areKept) return;
  try {
    const ensured = await reconcileSchedules(client, schedules);
    const left = ensured.filter(({ outcome }) => outcome === 'left');
    if (left.length === 0) logger.info({ schedules: ensured }, 'schedules are as configured');
    else logger.warn({ schedules: ensured }, 'schedules are reconciled; some were left unchanged');
  } catch (error) {
    const reason = errorMessage(error);
    logger.error({ reason }, 'could not reconcile the schedules: "ferry schedules ensure" shows why');
  }
}
