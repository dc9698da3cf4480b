import type { ConnectionOptions } from '@temporalio/client';
import { Client, Connection } from '@temporalio/client';

import { FerryError } from '../domain/ferry-error.js';
import type { TemporalAddress } from './temporal-fault.js';
import { temporalFault } from './temporal-fault.js';

export interface TemporalConnectionOptions extends TemporalAddress {
  /** TLS, API key and the like. */
  readonly connection?: Pick<ConnectionOptions, 'tls' | 'apiKey' | 'metadata'>;
  /** What to do when nothing answers there. */
  readonly advice?: string;
}

const standardAdvice = 'start the ferry here with "ferry up", or set TEMPORAL_ADDRESS to a server of your own';

export interface TemporalClient {
  readonly client: Client;
  /** Runs calls with a deadline: without one they wait for a server that went away for ever. */
  withDeadline<T>(call: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const connectTimeoutMs = 5_000;
const callTimeoutMs = 10_000;
/** Senders of webhooks give up after ten seconds. */
const lazyCallTimeoutMs = 5_000;
/** By itself gRPC waits longer and longer, up to two minutes, before it looks whether a server is back. */
const channelArgs = { 'grpc.initial_reconnect_backoff_ms': 250, 'grpc.max_reconnect_backoff_ms': 2_000 };

/** @throws FerryError `temporal` saying where nobody answered and what to do */
export async function connectClient(place: TemporalConnectionOptions): Promise<TemporalClient> {
  const { address, namespace, connection = {}, advice = standardAdvice } = place;
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
  return clientOver(connected, namespace, callTimeoutMs);
}

/** @throws FerryError when nobody answers, or the namespace is not there */
export async function assertServed(place: TemporalConnectionOptions): Promise<void> {
  const { client, withDeadline, close } = await connectClient(place);
  try {
    await withDeadline(async () => await client.workflowService.describeNamespace({ namespace: place.namespace }));
  } catch (error) {
    throw temporalFault(error, place);
  } finally {
    await close();
  }
}

/**
 * Connects at the first call, and again by itself: for a process that stays while Temporal comes and goes. Its calls fail
 * within five seconds when nobody answers.
 */
export function lazyClient({ address, namespace, connection = {} }: TemporalConnectionOptions): TemporalClient {
  const connected = Connection.lazy({
    ...connection,
    address,
    connectTimeout: connectTimeoutMs,
    channelArgs,
  });
  return clientOver(connected, namespace, lazyCallTimeoutMs);
}

function clientOver(connection: Connection, namespace: string, timeoutMs: number): TemporalClient {
  return {
    client: new Client({ connection, namespace }),
    withDeadline: async (call) => await connection.withDeadline(Date.now() + timeoutMs, call),
    close: async () => await connection.close(),
  };
}
