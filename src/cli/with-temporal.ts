import { connectClient } from '../client/connect.js';
import type { TemporalClient, TemporalConnectionOptions } from '../client/connect.js';
import { temporalFault } from '../client/temporal-fault.js';
import type { BaseConfig } from '../config/base-config.js';
import { activeTracing } from './active-tracing.js';
import { printMessage } from './output.js';
import { temporalConnection } from './temporal-connection.js';

/** Runs work with the configured or local Temporal server; its errors become the ferry's own. */
export async function withTemporal<T>(config: BaseConfig, work: (temporal: TemporalClient) => Promise<T>): Promise<T> {
  const connection = temporalConnection(config);
  return await withTemporalAt(connection, async (temporal) => {
    if (connection.note !== undefined) printMessage(`note: ${connection.note}`);
    return await work(temporal);
  });
}

/** The same for a known address. */
export async function withTemporalAt<T>(
  connection: TemporalConnectionOptions,
  work: (temporal: TemporalClient) => Promise<T>,
): Promise<T> {
  const temporal = await connectClient({ ...connection, interceptors: activeTracing()?.interceptors });
  try {
    return await work(temporal);
  } catch (error) {
    throw temporalFault(error, connection);
  } finally {
    await temporal.close();
  }
}
