import { join } from 'node:path';

import type { TemporalConnectionOptions } from '../client/connect.js';
import type { BaseConfig } from '../config/base-config.js';
import { isRunning } from '../supervisor/process-identity.js';
import { readRuntime } from '../supervisor/runtime-file.js';

const defaultAddress = '127.0.0.1:7233';

export interface FoundTemporal extends TemporalConnectionOptions {
  /** For people, where this may not be the one that they mean. */
  readonly note?: string;
}

/** Where commands find Temporal: what is configured, then what `ferry up` runs here, then the default port. */
export function temporalConnection({ temporal, dataDir }: BaseConfig): FoundTemporal {
  const { namespace, connection, advice } = temporal;
  const own = addressOfUp(dataDir);
  if (temporal.address === undefined) {
    return own === undefined
      ? { address: defaultAddress, namespace, connection }
      : { address: own, namespace, connection, advice: adviceOnOwn(dataDir) };
  }
  const place = { address: temporal.address, namespace, connection };
  if (own === undefined || own === temporal.address) return { ...place, ...(advice === undefined ? {} : { advice }) };
  const difference = `${temporal.addressFrom ?? 'TEMPORAL_ADDRESS'} names this one, while "ferry up" on this data folder uses ${own}`;
  return {
    ...place,
    advice: `${difference}: unset it, or set it to ${own}`,
    note: `Temporal at ${temporal.address} is asked: ${difference}`,
  };
}

/** Of a `ferry up` that runs: one that was killed leaves its file behind. */
function addressOfUp(dataDir: string): string | undefined {
  const runtime = readRuntime(dataDir);
  return runtime !== undefined && isRunning(runtime.up) ? runtime.temporal?.address : undefined;
}

function adviceOnOwn(dataDir: string): string {
  return `"ferry up" on this data folder uses it: its terminal and ${join(dataDir, 'logs')} say what is wrong`;
}
