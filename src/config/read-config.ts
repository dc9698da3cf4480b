import { parseDuration } from '../domain/duration.js';
import type { MutableTags } from '../domain/mutable-tags.js';
import type { PullAllowance } from '../domain/pull-allowance.js';
import type { SourceRules } from '../domain/source-allow-list.js';
import type { Target } from '../domain/target.js';
import type { Upstream } from '../domain/upstream.js';
import type { CredentialProvider, HostSettings, ProxyRules } from '../../packages/registry/src/client-options.js';
import { readAllowedSources } from './allowed-sources.js';
import { configFileOf } from './config-file.js';
import type { Variables } from './environment.js';
import type { DockerEngineConfig } from './docker-settings.js';
import { readDocker } from './docker-settings.js';
import { Environment } from './environment.js';
import { ConfigErrors } from './config-errors.js';
import { readHosts } from './hosts.js';
import type { BaseConfig } from './base-config.js';
import { readBase } from './base-config.js';
import { readProxies } from './proxies.js';
import { readPullAllowances } from './pull-allowances.js';
import { dockerConfigPath, environmentHosts } from './registry-credentials.js';
import { readMutableTags } from './mutable-tags-settings.js';
import type { SchedulesConfig } from './schedule-settings.js';
import { readSchedules } from './schedule-settings.js';
import type { ServerSettings } from './server-settings.js';
import { collectServerSettings } from './server-settings.js';
import { targetCredentials } from './target-credentials.js';
import { readTargets } from './targets.js';
import type { GitHubSettings } from './upstreams.js';
import { checkUpstreamTargets, readGitHub, readUpstreams } from './upstreams.js';
import { configWarnings } from './config-warnings.js';
import { named, readNumber } from './variable-values.js';

/** What it takes to judge and record a request. */
export interface RequestConfig extends BaseConfig {
  readonly sources: SourceRules;
}

/** Where images go to. */
export interface TargetsConfig extends BaseConfig {
  readonly targets: readonly Target[];
}

/** Where new images are announced. */
export interface UpstreamsConfig extends BaseConfig {
  /** The built-in ones first. */
  readonly upstreams: readonly Upstream[];
}

/** What is done by itself, and when. */
export interface SchedulingConfig extends UpstreamsConfig {
  readonly schedules: SchedulesConfig;
}

export interface FerryConfig extends RequestConfig, SchedulingConfig, TargetsConfig {
  readonly hosts: ReadonlyMap<string, HostSettings>;
  readonly proxies: ProxyRules;
  readonly credentials: CredentialProvider;
  /** Docker's or podman's credentials; absent: where docker keeps them. */
  readonly dockerConfigPath?: string;
  /** How much may be read from hosts that count it, beside what they announce themselves. */
  readonly pullAllowances: ReadonlyMap<string, PullAllowance>;
  readonly docker: DockerEngineConfig;
  readonly github: GitHubSettings;
  readonly missingTagWaitMs: number;
  readonly mutableTags: MutableTags;
  readonly historyDays: number;
  /** Images in work at once in a run. */
  readonly poolSize: number;
  /** Transfers at once in one worker. */
  readonly copySlots: number;
}

/**
 * The slice that commands need which do not copy: database, Temporal, defaults.
 *
 * @throws InvalidInput listing every fault
 */
export function readBaseConfig(variables: Variables): BaseConfig {
  const faults = new ConfigErrors();
  const place = readBase(new Environment(variables), faults);
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
  const faults = new ConfigErrors();
  const place = readBase(environment, faults);
  const { sources } = readRegistries(environment, faults);
  faults.throwIfAny();
  return { ...place, sources };
}

/**
 * The slice of commands that tell how things stand: targets may be missing.
 *
 * @throws InvalidInput listing every fault
 */
export function readTargetsConfig(variables: Variables): TargetsConfig {
  const environment = new Environment(variables);
  const faults = new ConfigErrors();
  const place = readBase(environment, faults);
  const { targets } = readRegistries(environment, faults);
  faults.throwIfAny();
  return { ...place, targets };
}

/**
 * The slice of commands that ask for a look at an upstream.
 *
 * @throws InvalidInput listing every fault
 */
export function readUpstreamsConfig(variables: Variables): UpstreamsConfig {
  const environment = new Environment(variables);
  const faults = new ConfigErrors();
  const place = readBase(environment, faults);
  const upstreams = readUpstreams(readRegistries(environment, faults).file, faults);
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
  const faults = new ConfigErrors();
  const place = readBase(environment, faults);
  const { file } = readRegistries(environment, faults);
  const upstreams = readUpstreams(file, faults);
  const schedules = readSchedules(environment, file, upstreams, faults);
  faults.throwIfAny();
  return { ...place, upstreams, schedules };
}

/**
 * Everything, checked whole: a bad configuration says all that is wrong with it and starts nothing.
 *
 * @throws InvalidInput listing every fault
 */
export function readConfig(variables: Variables): FerryConfig {
  const faults = new ConfigErrors();
  const config = collectConfig(new Environment(variables), faults);
  faults.throwIfAny();
  return config;
}

/**
 * Everything and what the server needs, for `ferry up`, which runs both.
 *
 * @throws InvalidInput listing every fault of either
 */
export function readUpConfig(variables: Variables): {
  readonly config: FerryConfig;
  readonly server: ServerSettings;
} {
  const environment = new Environment(variables);
  const faults = new ConfigErrors();
  const config = collectConfig(environment, faults);
  const server = collectServerSettings(environment, config.upstreams, faults);
  faults.throwIfAny();
  return { config, server };
}

function collectConfig(environment: Environment, faults: ConfigErrors): FerryConfig {
  const place = readBase(environment, faults);
  const { file, hosts, targets, sources } = readRegistries(environment, faults);
  const noTarget = targets.length === 0 && !faults.any;
  if (noTarget) {
    faults.add(
      'no target is configured: set ALIYUN_REGISTRY with ALIYUN_NAME_SPACE, MY_REGISTRY, or targets in the file that FERRY_CONFIG names',
    );
    for (const note of configWarnings(environment.present())) faults.add(note);
  }

  const upstreams = readUpstreams(file, faults);
  if (targets.length > 0) checkUpstreamTargets(file, upstreams, targets, faults);
  const dockerConfig = faults.try(() => dockerConfigPath(environment));
  return {
    ...place,
    targets,
    hosts,
    sources,
    proxies: readProxies(environment, faults),
    credentials: targetCredentials(environment, file, targets),
    ...(dockerConfig === undefined ? {} : { dockerConfigPath: dockerConfig }),
    pullAllowances: readPullAllowances(file, faults),
    docker: readDocker(environment),
    github: readGitHub(environment, file.github, faults),
    upstreams,
    schedules: readSchedules(environment, file, upstreams, faults),
    mutableTags: readMutableTags(environment, file, faults),
    missingTagWaitMs:
      faults.try(() =>
        named('FERRY_MISSING_TAG_WAIT', () => parseDuration(environment.value('FERRY_MISSING_TAG_WAIT') ?? '72h')),
      ) ?? 0,
    historyDays: readNumber(environment, faults, 'FERRY_HISTORY_DAYS', { standard: 90, least: 1, most: 36_500 }),
    poolSize: readNumber(environment, faults, 'FERRY_IMAGES_AT_ONCE', { standard: 8, least: 1, most: 500 }),
    copySlots: readNumber(environment, faults, 'FERRY_COPIES_AT_ONCE', { standard: 4, least: 1, most: 64 }),
  };
}

function readRegistries(environment: Environment, faults: ConfigErrors) {
  const file = configFileOf(environment, faults);
  const hosts = faults.try(() => environmentHosts(environment)) ?? new Map<string, HostSettings>();
  const targets = readTargets(environment, file, hosts, faults);
  readHosts(file, hosts, faults);
  const trusted = [...hosts].filter(([, settings]) => settings.trusted !== false).map(([host]) => host);
  const sources = readAllowedSources(environment, trusted, targets, faults);
  return { file, hosts, targets, sources };
}
