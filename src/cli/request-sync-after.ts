import type { BaseConfig } from '../config/base-config.js';
import { FerryError } from '../domain/ferry-error.js';
import { printMessage } from './output.js';

/**
 * Requests a sync run for what this command has changed in the database. Only then Temporal is loaded, which takes as
 * long as the rest of a command.
 *
 * @param reason the command, such as `ferry retry`
 * @param kept printed if no sync can be requested: what becomes of the change
 */
export async function requestSyncAfter(
  config: BaseConfig,
  { reason, kept }: { readonly reason: string; readonly kept: string },
): Promise<void> {
  try {
    const { requestAndReportSync } = await import('./request-sync.js');
    const { withTemporal } = await import('./with-temporal.js');
    await withTemporal(config, async (temporal) => await requestAndReportSync(temporal, reason));
  } catch (error) {
    if (error instanceof FerryError) printMessage(`${kept} No sync was requested:`);
    throw error;
  }
  printMessage('Sync requested.');
}
