import type { TemporalClient } from '../client/connect.js';
import { connectClient } from '../client/connect.js';
import type { PlaceConfig } from '../config/read-config.js';
import { temporalPlace } from './temporal-place.js';

export async function withTemporal<T>(config: PlaceConfig, work: (temporal: TemporalClient) => Promise<T>): Promise<T> {
  const temporal = await connectClient(temporalPlace(config));
  try {
    return await work(temporal);
  } finally {
    await temporal.close();
  }
}
