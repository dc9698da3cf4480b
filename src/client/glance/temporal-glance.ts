/**
 * What `ferry status` asks Temporal, without Temporal's client: that takes longer to load than everything else that the
 * command does. Only what is simple is asked so; the client does the rest, and reports what is wrong.
 */
import type { TaskQueue } from '../../contract/task-queues.js';
import type { TemporalConnectionOptions } from '../connect.js';
import { runningFetchQuery } from '../running-fetch-query.js';
import { isFreshPoll, taskTypeOf } from '../worker-availability.js';
import { openGrpcSession } from './grpc-session.js';
import type { GrpcSession } from './grpc-session.js';
import { bytesField, numberField, valuesOf } from './protobuf-fields.js';

export interface TemporalGlance {
  /** How many checks of upstreams are running. */
  readonly runningFetches: number;
  /** Those of the task queues that no worker polls. */
  readonly unserved: readonly TaskQueue[];
}

const timeoutMs = 2_000;
const service = '/temporal.api.workflowservice.v1.WorkflowService';
/** gRPC's client goes through the proxy that one of them names. */
const proxyVariables = ['grpc_proxy', 'https_proxy', 'http_proxy'];

/** @returns undefined if only Temporal's client can reach the server, or it does not answer as expected */
export async function glanceAtTemporal(
  { address, namespace, connection = {} }: TemporalConnectionOptions,
  queues: readonly TaskQueue[],
  variables: NodeJS.ProcessEnv,
): Promise<TemporalGlance | undefined> {
  const { tls, apiKey, metadata = {} } = connection;
  const isPlain = (tls ?? false) === false && apiKey === undefined && Object.keys(metadata).length === 0;
  const isProxied = proxyVariables.some((name) => (variables[name] ?? '') !== '');
  if (!isPlain || isProxied || !/:\d+$/.test(address)) return undefined;
  let session: GrpcSession | undefined;
  try {
    const calls = (session = openGrpcSession(address, timeoutMs));
    const counted = countFetches(calls, namespace);
    const polled = queues.map(async (queue) => await isPolled(calls, namespace, queue));
    const [runningFetches, ...served] = await Promise.all([counted, ...polled]);
    return { runningFetches, unserved: queues.filter((_, position) => served[position] === false) };
  } catch {
    return undefined;
  } finally {
    session?.close();
  }
}

/** Fields of `CountWorkflowExecutionsRequest` and its response. */
async function countFetches(session: GrpcSession, namespace: string): Promise<number> {
  const request = Buffer.concat([bytesField(1, namespace), bytesField(2, runningFetchQuery)]);
  const [count = 0] = valuesOf(await session.call(`${service}/CountWorkflowExecutions`, request), 1);
  return Number(count);
}

/** Fields of `DescribeTaskQueueRequest`, its response and `PollerInfo`. */
async function isPolled(session: GrpcSession, namespace: string, queue: TaskQueue): Promise<boolean> {
  const name = bytesField(1, queue);
  const request = Buffer.concat([bytesField(1, namespace), bytesField(2, name), numberField(3, taskTypeOf(queue))]);
  const response = await session.call(`${service}/DescribeTaskQueue`, request);
  return messagesOf(response, 1).some((poller) => {
    const [lastAccess] = messagesOf(poller, 1);
    const [seconds = 0] = lastAccess === undefined ? [] : valuesOf(lastAccess, 1);
    return isFreshPoll({ seconds });
  });
}

function messagesOf(message: Buffer, field: number): readonly Buffer[] {
  return valuesOf(message, field).filter((value) => typeof value !== 'number');
}
