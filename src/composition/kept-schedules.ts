import type { TemporalClient } from '../client/connect.js';
import { ensureSchedules } from '../client/schedules.js';
import type { SchedulesConfig } from '../config/schedules.js';
import type { Logger } from '../logger.js';

/** A worker without the right to make schedules still copies; that nobody makes them has to be seen. */
export async function keepSchedules(
  client: TemporalClient,
  { areKept, settings, off }: SchedulesConfig,
  logger: Logger,
): Promise<void> {
  if (!areKept) return;
  try {
    const ensured = await ensureSchedules(client, settings, off);
    logger.info({ schedules: ensured }, 'schedules are as configured');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger.error({ reason }, 'schedules could not be looked after: "ferry schedules ensure" shows why');
  }
}
