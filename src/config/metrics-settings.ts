import type { ConfigErrors } from './config-errors.js';
import type { Environment } from './environment.js';
import { readListenAddress } from './listen-address.js';

/** Where a process serves its metrics: an address that only a variable can open. */
export interface MetricsListen {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly variable: MetricsVariable;
}

export type MetricsVariable = 'FERRY_METRICS_LISTEN' | 'FERRY_SERVER_METRICS_LISTEN' | 'FERRY_TEMPORAL_METRICS_LISTEN';

export interface WorkerMetrics {
  /** `/metrics`, `/healthz` and `/readyz` of the worker; absent: none. */
  readonly listen?: MetricsListen | undefined;
  /** The metrics of Temporal's SDK; absent: none. */
  readonly temporal?: MetricsListen | undefined;
}

/** The word for "beside the routes of the server": everyone who reaches FERRY_LISTEN can then read `/metrics`. */
const besideRoutes = 'server';
const loopback = '127.0.0.1';

/** Addresses of the worker. A port alone listens on 127.0.0.1. */
export function readWorkerMetrics(environment: Environment, errors: ConfigErrors): WorkerMetrics {
  const listen = readAddress('FERRY_METRICS_LISTEN', environment, errors);
  const temporal = readAddress('FERRY_TEMPORAL_METRICS_LISTEN', environment, errors);
  assertDifferent([listen, temporal], errors);
  return { listen, temporal };
}

/** The server's own address, `server` for the address of its routes, or undefined: no metrics. */
export function readServerMetrics(
  environment: Environment,
  errors: ConfigErrors,
): MetricsListen | 'server' | undefined {
  const text = errors.try(() => environment.value('FERRY_SERVER_METRICS_LISTEN'));
  if (text?.trim() === besideRoutes) return besideRoutes;
  return readAddress('FERRY_SERVER_METRICS_LISTEN', environment, errors);
}

/** For `ferry up`, whose parts have the same variables. */
export function assertDifferent(
  addresses: readonly (MetricsListen | 'server' | undefined)[],
  errors: ConfigErrors,
): void {
  const seen = new Map<string, MetricsListen>();
  for (const address of addresses) {
    if (address === undefined || address === besideRoutes || address.port === 0) continue;
    const key = `${address.host}:${address.port}`;
    const other = seen.get(key);
    if (other !== undefined) {
      errors.add(`${other.variable} and ${address.variable} are both ${key}: give each an address of its own`);
    }
    seen.set(key, address);
  }
}

function readAddress(
  variable: MetricsVariable,
  environment: Environment,
  errors: ConfigErrors,
): MetricsListen | undefined {
  const text = errors.try(() => environment.value(variable));
  if (text === undefined) return undefined;
  const read = readListenAddress(text, variable, { alone: loopback, example: `${loopback}:9464` }, errors);
  return read === undefined ? undefined : { ...read, variable };
}
