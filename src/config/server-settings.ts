import { isIP } from 'node:net';

import type { Upstream } from '../domain/upstream.js';
import { configFileOf } from './config-file.js';
import { Environment } from './environment.js';
import type { Variables } from './environment.js';
import { ConfigErrors } from './config-errors.js';
import type { TemporalSettings } from './temporal-settings.js';
import { readTemporalSettings } from './temporal-settings.js';
import { readUpstreams } from './upstreams.js';

export interface ListenAddress {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** False: nobody chose it. */
  readonly isChosen: boolean;
}

export interface ServerSettings {
  readonly temporal: TemporalSettings;
  readonly listen: ListenAddress;
  /** Of GitHub's webhooks; absent: none is let in. */
  readonly webhookSecret?: string;
  /** Of the API; none: nobody is let in. */
  readonly apiTokens: readonly string[];
  /** A push to it asks for a sync. */
  readonly branch: string;
  /** `owner/name`; empty: any. */
  readonly repositories: readonly string[];
  readonly requestsPerMinute: number;
  /** Names of the configured upstreams: each can be requested. */
  readonly upstreams: readonly string[];
}

const standardListen = '127.0.0.1:8080';
const standardRequestsPerMinute = 240;

/**
 * What `ferry server` needs. It does not open a database and needs no target.
 *
 * @throws InvalidInput listing every fault; one of them is an address beyond this machine without any secret
 */
export function readServerSettings(variables: Variables): ServerSettings {
  const faults = new ConfigErrors();
  const environment = new Environment(variables);
  const upstreams = readUpstreams(configFileOf(environment, faults), faults);
  const settings = collectServerSettings(environment, upstreams, faults);
  faults.throwIfAny();
  return settings;
}

/** The same with each fault added to `faults`. */
export function collectServerSettings(
  environment: Environment,
  upstreams: readonly Upstream[],
  faults: ConfigErrors,
): ServerSettings {
  const value = (name: string): string | undefined => faults.try(() => environment.value(name));

  const chosen = value('FERRY_LISTEN');
  const listen = readListen(chosen ?? standardListen, chosen !== undefined, faults);
  const webhookSecret = value('FERRY_WEBHOOK_SECRET');
  const apiTokens = listOf(value('FERRY_API_TOKEN'));
  // What the Authorization header can carry (RFC 6750): a token of another form would never be recognised.
  if (!apiTokens.every((token) => /^[\w.~+/-]+=*$/.test(token))) {
    faults.add('FERRY_API_TOKEN holds a character that no bearer token may have: use letters, digits and - . _ ~ + /');
  }
  if (webhookSecret === undefined && apiTokens.length === 0 && !isLoopback(listen.host)) {
    faults.add(
      `FERRY_LISTEN is "${chosen ?? ''}", which other machines can reach, and no secret is set: set FERRY_WEBHOOK_SECRET, FERRY_API_TOKEN or both, or listen on ${standardListen}`,
    );
  }
  const repositories = listOf(value('FERRY_REPOSITORIES'));
  for (const repository of repositories) {
    if (/^[\w.-]+\/[\w.-]+$/.test(repository)) continue;
    faults.add(`FERRY_REPOSITORIES holds "${repository.slice(0, 80)}": expected owner/name`);
  }

  return {
    temporal: faults.try(() => readTemporalSettings(environment)) ?? { namespace: 'default', connection: {} },
    listen,
    ...(webhookSecret === undefined ? {} : { webhookSecret }),
    apiTokens,
    branch: value('FERRY_BRANCH') ?? 'main',
    repositories,
    requestsPerMinute: readRequestsPerMinute(value('FERRY_REQUESTS_PER_MINUTE'), faults),
    upstreams: upstreams.map(({ name }) => name),
  };
}

/** `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`; `:8080` and `8080` listen on every address. */
function readListen(text: string, isChosen: boolean, faults: ConfigErrors): ListenAddress {
  const match = /^(?:(\[[0-9a-f:.]+\]|[\w.-]*):)?(\d{1,5})$/i.exec(text.trim());
  const port = Number(match?.[2]);
  const host = (match?.[1] ?? '').replace(/^\[|\]$/g, '');
  if (match !== null && port <= 65_535) return { host: host === '' ? '0.0.0.0' : host, port, isChosen };
  faults.add(`FERRY_LISTEN is "${text.slice(0, 80)}": expected an address and a port, like ${standardListen}`);
  return { host: '127.0.0.1', port: 8080, isChosen };
}

function isLoopback(host: string): boolean {
  return isIP(host) === 4 ? host.startsWith('127.') : ['::1', 'localhost'].includes(host.toLowerCase());
}

function listOf(text: string | undefined): readonly string[] {
  return (text ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
}

function readRequestsPerMinute(text: string | undefined, faults: ConfigErrors): number {
  if (text === undefined) return standardRequestsPerMinute;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  faults.add(`FERRY_REQUESTS_PER_MINUTE is "${text.slice(0, 80)}": expected a whole number from 1 to 999999`);
  return standardRequestsPerMinute;
}
