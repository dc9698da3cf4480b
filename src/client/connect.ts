import { Client, Connection } from '@temporalio/client';
import type { ConnectionOptions, WorkflowClientInterceptor } from '@temporalio/client';

import { FerryError } from '../domain/ferry-error.js';
import { temporalFault } from './temporal-fault.js';
import type { TemporalAddress } from './temporal-fault.js';

export interface TemporalConnectionOptions extends TemporalAddress {
  /** TLS, API key and metadata. */
  readonly connection?: Pick<ConnectionOptions, 'tls' | 'apiKey' | 'metadata'>;
  /** What to do if the server does not answer. */
  readonly advice?: string | undefined;
  /** They see every start and signal of a workflow. */
  readonly interceptors?: readonly WorkflowClientInterceptor[] | undefined;
}

const defaultAdvice = 'start one with "ferry up", or set TEMPORAL_ADDRESS to your own server';

export interface TemporalClient {
  readonly client: Client;
  /** Runs calls with a deadline; without one they would wait forever for a server that is gone. */
  withDeadline<T>(call: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const connectTimeoutMs = 5_000;
const callTimeoutMs = 10_000;
/** Senders of webhooks time out after ten seconds. */
const lazyCallTimeoutMs = 5_000;
/** gRPC's default backoff grows up to two minutes before it checks again whether a server is back. */
const channelArgs = { 'grpc.initial_reconnect_backoff_ms': 250, 'grpc.max_reconnect_backoff_ms': 2_000 };

/** @throws FerryError `temporal` with the address that did not answer and what to do */
export async function connectClient(options: TemporalConnectionOptions): Promise<TemporalClient> {
  const { address, namespace, connection = {}, advice = defaultAdvice, interceptors } = options;
  let connected: Connection;
  try {
    connected = await Connection.connect({ ...connection, address, connectTimeout: connectTimeoutMs, channelArgs });
  } catch (error) {
    throw new FerryError(`Temporal does not answer at ${address}: ${advice}`, {
      code: 'temporal',
      decision: 'retry',
      cause: error,
    });
  }
  return clientOver(connected, { namespace, interceptors }, callTimeoutMs);
}

/** @throws FerryError if the server does not answer or the namespace does not exist */
export async function assertServed(options: TemporalConnectionOptions): Promise<void> {
  const temporal = await connectClient(options);
  try {
    await assertNamespace(temporal);
  } catch (error) {
    throw temporalFault(error, options);
  } finally {
    await temporal.close();
  }
}

/** @throws what Temporal's client throws if the server does not answer or the namespace does not exist */
export async function assertNamespace({ client, withDeadline }: TemporalClient): Promise<void> {
  const { namespace } = client.options;
  await withDeadline(async () => await client.workflowService.describeNamespace({ namespace }));
}

/**
 * Connects at the first call, and reconnects automatically: for a long-running process while Temporal comes and goes.
 * Its calls fail within five seconds if the server does not answer.
 */
export function lazyClient({
  address,
  namespace,
  connection = {},
  interceptors,
}: TemporalConnectionOptions): TemporalClient {
  const connected = Connection.lazy({
    ...connection,
    address,
    connectTimeout: connectTimeoutMs,
    channelArgs,
  });
  return clientOver(connected, { namespace, interceptors }, lazyCallTimeoutMs);
}

function clientOver(
  connection: Connection,
  { namespace, interceptors = [] }: Pick<TemporalConnectionOptions, 'namespace' | 'interceptors'>,
  timeoutMs: number,
): TemporalClient {
  return {
    client: new Client({ connection, namespace, interceptors: { workflow: [...interceptors] } }),
    withDeadline: async (call) => await connection.withDeadline(Date.now() + timeoutMs, call),
    close: async () => await connection.close(),
  };
}
