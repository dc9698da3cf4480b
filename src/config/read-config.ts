import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { parseDuration } from '../domain/duration.js';
import { InvalidInput } from '../domain/ferry-error.js';
import type { MutableTags } from '../domain/mutable-tags.js';
import { parsePlatformSelection, printPlatform } from '../domain/platform.js';
import type { PullAllowance } from '../domain/pull-allowance.js';
import type { SourceRules } from '../domain/source-allow-list.js';
import type { Target } from '../domain/target.js';
import type { Upstream } from '../domain/upstream.js';
import type { CredentialProvider, HostSettings, ProxyRules } from '../registry/copy-types.js';
import { readAllowedSources } from './allowed-sources.js';
import { readConfigFile } from './config-file.js';
import type { Variables } from './environment.js';
import type { DockerConfig } from './docker-settings.js';
import { readDocker } from './docker-settings.js';
import { Environment } from './environment.js';
import { FaultList } from './fault-list.js';
import { readHosts } from './hosts.js';
import { readProxies } from './proxies.js';
import { readPullAllowances } from './pull-allowances.js';
import { dockerConfigPath, environmentHosts } from './registry-credentials.js';
import { readMutableTags } from './mutable-tags.js';
import type { SchedulesConfig } from './schedules.js';
import { readSchedules } from './schedules.js';
import { targetCredentials } from './target-credentials.js';
import { readTargets } from './targets.js';
import type { TemporalSettings } from './temporal-settings.js';
import { readTemporalSettings } from './temporal-settings.js';
import type { GitHubSettings } from './upstreams.js';
import { checkUpstreamTargets, readGitHub, readUpstreams } from './upstreams.js';

export type DatabaseSettings =
  | {
      readonly kind: 'mysql';
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
      readonly database: string;
    }
  | { readonly kind: 'sqlite'; readonly path: string };

/** What every process of the ferry needs to know of its place on the machine. */
export interface PlaceConfig {
  readonly dataDir: string;
  readonly database: DatabaseSettings;
  readonly temporal: TemporalSettings;
  /** Canonical platforms, or `all` alone: what a request without platforms means. */
  readonly platforms: readonly string[];
}

/** What it takes to judge and record a request. */
export interface RequestConfig extends PlaceConfig {
  readonly sources: SourceRules;
}

/** Where new images are announced. */
export interface UpstreamsConfig extends PlaceConfig {
  /** The built-in ones first. */
  readonly upstreams: readonly Upstream[];
}

/** What is done by itself, and when. */
export interface SchedulingConfig extends UpstreamsConfig {
  readonly schedules: SchedulesConfig;
}

export interface FerryConfig extends RequestConfig, SchedulingConfig {
  readonly targets: readonly Target[];
  readonly hosts: ReadonlyMap<string, HostSettings>;
  readonly proxies: ProxyRules;
  readonly credentials: CredentialProvider;
  /** Docker's or podman's credentials; absent: where docker keeps them. */
  readonly dockerConfigPath?: string;
  /** How much may be read from hosts that count it, beside what they announce themselves. */
  readonly pullAllowances: ReadonlyMap<string, PullAllowance>;
  readonly docker: DockerConfig;
  readonly github: GitHubSettings;
  readonly missingTagWaitMs: number;
  readonly mutableTags: MutableTags;
  readonly historyDays: number;
  /** Images in work at once in a pass. */
  readonly poolSize: number;
  /** Transfers at once in one worker. */
  readonly copySlots: number;
}

/** Where the data of this machine is: `FERRY_DATA_DIR`, else `$XDG_DATA_HOME/image-ferry`. */
function readDataDir(environment: Environment): string {
  const given = environment.value('FERRY_DATA_DIR');
  if (given !== undefined) return resolve(given);
  return join(environment.value('XDG_DATA_HOME') ?? join(homedir(), '.local', 'share'), 'image-ferry');
}

/**
 * The slice that commands need which do not copy: database, Temporal, defaults.
 *
 * @throws InvalidInput listing every fault
 */
export function readPlaceConfig(variables: Variables): PlaceConfig {
  const faults = new FaultList();
  const place = readPlace(new Environment(variables), faults);
  faults.throwIfAny();
  return place;
}

/**
 * The slice of commands that want images: targets may be missing.
 *
 * @throws InvalidInput listing every fault
 */
export function readRequestConfig(variables: Variables): RequestConfig {
  const environment = new Environment(variables);
  const faults = new FaultList();
  const place = readPlace(environment, faults);
  const { sources } = readRegistries(environment, faults);
  faults.throwIfAny();
  return { ...place, sources };
}

/**
 * The slice of commands that ask for a look at an upstream.
 *
 * @throws InvalidInput listing every fault
 */
export function readUpstreamsConfig(variables: Variables): UpstreamsConfig {
  const environment = new Environment(variables);
  const faults = new FaultList();
  const place = readPlace(environment, faults);
  const upstreams = readUpstreams(readRegistries(environment, faults).file.upstreams, faults);
  faults.throwIfAny();
  return { ...place, upstreams };
}

/**
 * The slice of commands that look after schedules.
 *
 * @throws InvalidInput listing every fault
 */
export function readSchedulingConfig(variables: Variables): SchedulingConfig {
  const environment = new Environment(variables);
  const faults = new FaultList();
  const place = readPlace(environment, faults);
  const { file } = readRegistries(environment, faults);
  const upstreams = readUpstreams(file.upstreams, faults);
  const schedules = readSchedules(environment, file.schedules, upstreams, faults);
  faults.throwIfAny();
  return { ...place, upstreams, schedules };
}

/**
 * Everything, checked whole: a bad configuration says all that is wrong with it and starts nothing.
 *
 * @throws InvalidInput listing every fault
 */
export function readConfig(variables: Variables): FerryConfig {
  const environment = new Environment(variables);
  const faults = new FaultList();
  const place = readPlace(environment, faults);
  const { file, hosts, targets, sources } = readRegistries(environment, faults);
  const noTarget = targets.length === 0 && !faults.any;
  if (noTarget) {
    faults.add(
      'no target is configured: set ALIYUN_REGISTRY with ALIYUN_NAME_SPACE, MY_REGISTRY, or targets in the file that FERRY_CONFIG names',
    );
  }

  const upstreams = readUpstreams(file.upstreams, faults);
  if (targets.length > 0) checkUpstreamTargets(upstreams, targets, faults);
  const dockerConfig = faults.try(() => dockerConfigPath(environment));
  const config: FerryConfig = {
    ...place,
    targets,
    hosts,
    sources,
    proxies: readProxies(environment, faults),
    credentials: targetCredentials(environment, file, targets),
    ...(dockerConfig === undefined ? {} : { dockerConfigPath: dockerConfig }),
    pullAllowances: readPullAllowances(file.hosts ?? {}, faults),
    docker: readDocker(environment),
    github: readGitHub(environment, file.github, faults),
    upstreams,
    schedules: readSchedules(environment, file.schedules, upstreams, faults),
    mutableTags: readMutableTags(environment, file.mutableTags, faults),
    missingTagWaitMs:
      faults.try(() =>
        named('FERRY_MISSING_TAG_WAIT', () => parseDuration(environment.value('FERRY_MISSING_TAG_WAIT') ?? '72h')),
      ) ?? 0,
    historyDays: readNumber(environment, faults, 'FERRY_HISTORY_DAYS', { standard: 90, least: 1, most: 36_500 }),
    poolSize: readNumber(environment, faults, 'FERRY_IMAGES_AT_ONCE', { standard: 8, least: 1, most: 500 }),
    copySlots: readNumber(environment, faults, 'FERRY_COPIES_AT_ONCE', { standard: 4, least: 1, most: 64 }),
  };
  faults.throwIfAny();
  return config;
}

function readRegistries(environment: Environment, faults: FaultList) {
  const path = faults.try(() => environment.value('FERRY_CONFIG'));
  const file = path === undefined ? {} : readConfigFile(path, faults);
  const hosts = faults.try(() => environmentHosts(environment)) ?? new Map<string, HostSettings>();
  const targets = readTargets(environment, file, hosts, faults);
  readHosts(file.hosts ?? {}, hosts, faults);
  const sources = readAllowedSources(environment, [...hosts.keys()], targets, faults);
  return { file, hosts, targets, sources };
}

function readPlace(environment: Environment, faults: FaultList): PlaceConfig {
  const dataDir = faults.try(() => readDataDir(environment)) ?? '';
  return {
    dataDir,
    database: readDatabase(environment, dataDir, faults),
    temporal: faults.try(() => readTemporalSettings(environment)) ?? { namespace: 'default', connection: {} },
    platforms: faults.try(() => named('FERRY_PLATFORMS', () => readPlatforms(environment))) ?? [],
  };
}

function readDatabase(environment: Environment, dataDir: string, faults: FaultList): DatabaseSettings {
  const value = (name: string) => faults.try(() => environment.value(name));
  const host = value('MYSQL_HOST');
  if (host === undefined) return { kind: 'sqlite', path: join(dataDir, 'ferry.db') };

  const user = value('MYSQL_USER');
  if (user === undefined) faults.add('MYSQL_HOST is set but MYSQL_USER is not');
  return {
    kind: 'mysql',
    host,
    port: readNumber(environment, faults, 'MYSQL_PORT', { standard: 3306, least: 1, most: 65_535 }),
    user: user ?? '',
    password: value('MYSQL_PASSWORD') ?? '',
    database: value('MYSQL_DB') ?? 'image_ferry',
  };
}

function readPlatforms(environment: Environment): readonly string[] {
  const selection = parsePlatformSelection(environment.value('FERRY_PLATFORMS') ?? 'linux/amd64');
  return selection === 'all' ? ['all'] : selection.map(printPlatform);
}

function readNumber(
  environment: Environment,
  faults: FaultList,
  name: string,
  { standard, least, most }: { standard: number; least: number; most: number },
): number {
  const text = faults.try(() => environment.value(name));
  if (text === undefined) return standard;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  faults.add(`${name} is "${text}": expected a whole number from ${least} to ${most}`);
  return standard;
}

/** What a value means is decided elsewhere; which variable it came from is known here. */
function named<T>(variable: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InvalidInput) || error.message.startsWith(variable)) throw error;
    throw new InvalidInput(`${variable}: ${error.message}`, 'configuration');
  }
}
