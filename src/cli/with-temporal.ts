import type { TemporalClient, TemporalConnectionOptions } from '../client/connect.js';
import { connectClient } from '../client/connect.js';
import { temporalFault } from '../client/temporal-fault.js';
import type { BaseConfig } from '../config/base-config.js';
import { say } from './output.js';
import { temporalConnection } from './temporal-connection.js';

/** Work with the Temporal that is configured or runs here; what goes wrong with it is said in the ferry's words. */
export async function withTemporal<T>(config: BaseConfig, work: (temporal: TemporalClient) => Promise<T>): Promise<T> {
  const place = temporalConnection(config);
  return await withTemporalAt(place, async (temporal) => {
    if (place.note !== undefined) say(`note: ${place.note}`);
    return await work(temporal);
  });
}

/** The same at a place that is known. */
export async function withTemporalAt<T>(
  place: TemporalConnectionOptions,
  work: (temporal: TemporalClient) => Promise<T>,
): Promise<T> {
  const temporal = await connectClient(place);
  try {
    return await work(temporal);
  } catch (error) {
    throw temporalFault(error, place);
  } finally {
    await temporal.close();
  }
}
