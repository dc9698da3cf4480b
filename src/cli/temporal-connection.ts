import { join } from 'node:path';

import type { TemporalConnectionOptions } from '../client/connect.js';
import type { BaseConfig } from '../config/base-config.js';
import { defaultTemporalAddress } from '../config/temporal-settings.js';
import { isRunning } from '../supervisor/process-identity.js';
import { readRuntime } from '../supervisor/runtime-file.js';

export interface FoundTemporal extends TemporalConnectionOptions {
  /** A message for the user, if this may not be the server that they mean. */
  readonly note?: string | undefined;
}

/** Returns the address that commands connect to: the configured one, else that of `ferry up`, else the default port. */
export function temporalConnection({ temporal, dataDir }: BaseConfig): FoundTemporal {
  const { namespace, connection, advice } = temporal;
  const localAddress = localTemporalAddress(dataDir);
  if (temporal.address === undefined) {
    return localAddress === undefined
      ? { address: defaultTemporalAddress, namespace, connection }
      : { address: localAddress, namespace, connection, advice: adviceOnLocalServer(dataDir) };
  }
  const configured = { address: temporal.address, namespace, connection };
  if (localAddress === undefined || localAddress === temporal.address) return { ...configured, advice };
  const difference = `${temporal.addressFrom ?? 'TEMPORAL_ADDRESS'} is set, but "ferry up" on this data folder uses ${localAddress}`;
  return {
    ...configured,
    advice: `${difference}: unset it, or set it to ${localAddress}`,
    note: `using Temporal at ${temporal.address}: ${difference}`,
  };
}

/** Address used by a running `ferry up`; a killed one leaves its file behind. */
function localTemporalAddress(dataDir: string): string | undefined {
  const runtime = readRuntime(dataDir);
  return runtime !== undefined && isRunning(runtime.up) ? runtime.temporal?.address : undefined;
}

function adviceOnLocalServer(dataDir: string): string {
  return `"ferry up" on this data folder runs it: see its terminal and ${join(dataDir, 'logs')}`;
}
