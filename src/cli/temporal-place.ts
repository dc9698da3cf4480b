import type { TemporalPlace } from '../client/connect.js';
import type { PlaceConfig } from '../config/place-config.js';
import { readRuntime } from '../supervisor/runtime-file.js';

const defaultAddress = '127.0.0.1:7233';

/** Where commands find Temporal: what is configured, then what `ferry up` runs here, then the default port. */
export function temporalPlace({ temporal, dataDir }: PlaceConfig): TemporalPlace {
  const address = temporal.address ?? readRuntime(dataDir)?.temporal?.address ?? defaultAddress;
  return { address, namespace: temporal.namespace, connection: temporal.connection };
}
