import { Runtime } from '@temporalio/worker';
import type { RuntimeOptions } from '@temporalio/worker';

import type { MetricsListen } from '../../config/metrics-settings.js';
import { errorMessage } from '../../domain/error-message.js';
import { FerryError } from '../../domain/ferry-error.js';

/**
 * Installs Temporal's runtime. The metrics of its SDK have an address of their own, not a part in the ferry's page: they
 * are hundreds of series, and a thread beside JavaScript serves them even while that is busy.
 *
 * @throws FerryError `configuration` if it cannot listen there
 */
export function installRuntime(options: RuntimeOptions, metrics: MetricsListen | undefined): void {
  if (metrics === undefined) {
    Runtime.install(options);
    return;
  }
  const { host, port, variable } = metrics;
  const bindAddress = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const prometheus = { bindAddress, countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };
  try {
    Runtime.install({ ...options, telemetryOptions: { metrics: { prometheus } } });
  } catch (error) {
    throw new FerryError(
      `cannot listen on ${bindAddress} for Temporal's metrics (${errorMessage(error)}): set ${variable} to another address, or unset it`,
      { code: 'configuration', decision: 'block', cause: error },
    );
  }
}
