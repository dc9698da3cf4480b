import { isIP } from 'node:net';

import type { DatabaseSettings } from '../domain/database-settings.js';
import type { Upstream } from '../domain/upstream.js';
import { readBase } from './base-config.js';
import { throwingAllErrors } from './config-errors.js';
import type { ConfigErrors } from './config-errors.js';
import { configFileOf } from './config-file.js';
import { Environment } from './environment.js';
import type { Variables } from './environment.js';
import { readListenAddress } from './listen-address.js';
import type { ListenAddress } from './listen-address.js';
import { readServerMetrics } from './metrics-settings.js';
import type { MetricsListen } from './metrics-settings.js';
import { assertTokens, readSignIn } from './sign-in-settings.js';
import type { SignInConfig } from './sign-in-settings.js';
import { readTemporalSettings } from './temporal-settings.js';
import type { TemporalSettings } from './temporal-settings.js';
import type { TraceSettings } from './trace-settings.js';
import { readUpstreams } from './upstreams.js';
import { listOf } from './variable-values.js';

export interface ServerSettings {
  readonly temporal: TemporalSettings;
  readonly listen: ListenAddress;
  /** Of GitHub's webhooks; absent: all are rejected. */
  readonly webhookSecret?: string | undefined;
  /** Of the API; empty: all requests are rejected. */
  readonly apiTokens: readonly string[];
  /** A push to this branch requests a sync run. */
  readonly branch: string;
  /** `owner/name`; empty: any. */
  readonly repositories: readonly string[];
  readonly requestsPerMinute: number;
  /** Names of the configured upstreams: a request can check any of them. */
  readonly upstreams: readonly string[];
  readonly signIn: SignInConfig;
  /** Where `/metrics` is served; `server`: on `listen`; absent: nowhere. */
  readonly metrics?: MetricsListen | 'server' | undefined;
}

const defaultListen = '127.0.0.1:8080';
const defaultRequestsPerMinute = 240;

/** Everything that `ferry server` needs. */
export interface ServerConfig extends ServerSettings {
  /** Read by the status routes alone. */
  readonly database: DatabaseSettings;
  /** Holds the key that signs sessions. */
  readonly dataDir: string;
  /** Where traces go; absent: there are none. */
  readonly traces?: TraceSettings | undefined;
  /** A target goes through a Docker daemon: its copies need the workers of such a queue. */
  readonly hasDockerTargets: boolean;
}

/**
 * What `ferry server` needs: no target, and no database but for the routes that show the state.
 *
 * @throws InvalidInput listing every fault; one of them is an address beyond this machine without any secret
 */
export function readServerSettings(variables: Variables): ServerConfig {
  const environment = new Environment(variables);
  return throwingAllErrors((errors) => {
    const file = configFileOf(environment, errors);
    const settings = collectServerSettings(environment, readUpstreams(file, errors), errors);
    const { database, dataDir, traces } = readBase(environment, errors);
    const hasDockerTargets = Object.values(file.targets ?? {}).some(({ engine }) => engine === 'docker');
    return { ...settings, database, dataDir, traces, hasDockerTargets };
  });
}

/** The same, with errors added to `errors`. */
export function collectServerSettings(
  environment: Environment,
  upstreams: readonly Upstream[],
  errors: ConfigErrors,
): ServerSettings {
  const value = (name: string): string | undefined => errors.try(() => environment.value(name));

  const chosen = value('FERRY_LISTEN');
  const listen = readListen(chosen ?? defaultListen, chosen !== undefined, errors);
  const webhookSecret = value('FERRY_WEBHOOK_SECRET');
  const apiTokens = listOf(value('FERRY_API_TOKEN'));
  assertTokens('FERRY_API_TOKEN', apiTokens, errors);
  const signIn = readSignIn(environment, { apiTokens, isLocal: isLoopback(listen.host) }, errors);
  const isOpen = apiTokens.length + signIn.viewTokens.length > 0 || signIn.oidc !== undefined;
  if (webhookSecret === undefined && !isOpen && !isLoopback(listen.host)) {
    errors.add(
      `FERRY_LISTEN is "${chosen ?? ''}", which other machines can reach, but no secret is set: set FERRY_WEBHOOK_SECRET, FERRY_API_TOKEN or both, or listen on ${defaultListen}`,
    );
  }
  const repositories = listOf(value('FERRY_REPOSITORIES'));
  for (const repository of repositories) {
    if (/^[\w.-]+\/[\w.-]+$/.test(repository)) continue;
    errors.add(`FERRY_REPOSITORIES contains "${repository.slice(0, 80)}": expected owner/name`);
  }

  return {
    temporal: errors.try(() => readTemporalSettings(environment)) ?? { namespace: 'default', connection: {} },
    listen,
    webhookSecret,
    apiTokens,
    branch: value('FERRY_BRANCH') ?? 'main',
    repositories,
    requestsPerMinute: readRequestsPerMinute(value('FERRY_REQUESTS_PER_MINUTE'), errors),
    upstreams: upstreams.map(({ name }) => name),
    signIn,
    metrics: readServerMetrics(environment, errors),
  };
}

function readListen(text: string, isChosen: boolean, errors: ConfigErrors): ListenAddress {
  const read = readListenAddress(text, 'FERRY_LISTEN', { alone: '0.0.0.0', example: defaultListen }, errors);
  return { ...(read ?? { host: '127.0.0.1', port: 8080 }), isChosen };
}

function isLoopback(host: string): boolean {
  return isIP(host) === 4 ? host.startsWith('127.') : ['::1', 'localhost'].includes(host.toLowerCase());
}

function readRequestsPerMinute(text: string | undefined, errors: ConfigErrors): number {
  if (text === undefined) return defaultRequestsPerMinute;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  errors.add(`FERRY_REQUESTS_PER_MINUTE is "${text.slice(0, 80)}": expected a whole number from 1 to 999999`);
  return defaultRequestsPerMinute;
}
