import type { CredentialProvider, HostSettings, ProxyRules } from '@image-ferry/registry';
import type { PullAllowance } from '@image-ferry/registry/pull-quota';

import type { AuditSettings } from '../domain/audit.js';
import type { MutableTags } from '../domain/mutable-tags.js';
import type { NotificationSettings } from '../domain/notifications/settings.js';
import type { SourceRules } from '../domain/source-allow-list.js';
import type { Target } from '../domain/target.js';
import type { Upstream } from '../domain/upstream.js';
import { readAllowedSources } from './allowed-sources.js';
import { readAudit } from './audit-settings.js';
import { readBase } from './base-config.js';
import type { BaseConfig } from './base-config.js';
import { throwingAllErrors } from './config-errors.js';
import type { ConfigErrors } from './config-errors.js';
import { configFileOf } from './config-file.js';
import { configWarnings } from './config-warnings.js';
import { readDeployment } from './deployment-settings.js';
import type { DeploymentSettings } from './deployment-settings.js';
import { readDocker } from './docker-settings.js';
import type { DockerEngineConfig } from './docker-settings.js';
import { Environment } from './environment.js';
import type { Variables } from './environment.js';
import { readHosts } from './hosts.js';
import { assertDifferent, readWorkerMetrics } from './metrics-settings.js';
import type { WorkerMetrics } from './metrics-settings.js';
import { readMutableTags } from './mutable-tags-settings.js';
import { readNotifications } from './notification-settings.js';
import { readProgramVariables } from './program-variables.js';
import { readProxies } from './proxies.js';
import { readPullAllowances } from './pull-allowances.js';
import { dockerConfigPath, environmentHosts } from './registry-credentials.js';
import { readSchedules } from './schedule-settings.js';
import type { SchedulesConfig } from './schedule-settings.js';
import { collectServerSettings } from './server-settings.js';
import type { ServerSettings } from './server-settings.js';
import { targetCredentials } from './target-credentials.js';
import { readTargets } from './targets.js';
import { checkUpstreamTargets, readGitHub, readUpstreams } from './upstreams.js';
import type { GitHubSettings } from './upstreams.js';
import { readDuration, readNumber } from './variable-values.js';

/** What is needed to validate and record a request. */
export interface RequestConfig extends BaseConfig {
  readonly sources: SourceRules;
}

/** The targets that images are copied to. */
export interface TargetsConfig extends BaseConfig {
  readonly targets: readonly Target[];
}

/** The upstreams that announce new images. */
export interface UpstreamsConfig extends BaseConfig {
  /** The built-in ones first. */
  readonly upstreams: readonly Upstream[];
}

/** The schedules of automatic work. */
export interface SchedulingConfig extends UpstreamsConfig {
  readonly schedules: SchedulesConfig;
}

/** The versions of the workers. */
export interface DeploymentConfig extends BaseConfig {
  /** Absent: workers are not versioned. */
  readonly deployment?: DeploymentSettings | undefined;
}

export interface FerryConfig extends RequestConfig, SchedulingConfig, TargetsConfig, DeploymentConfig {
  readonly hosts: ReadonlyMap<string, HostSettings>;
  readonly proxies: ProxyRules;
  readonly credentials: CredentialProvider;
  /** Path of Docker's or podman's credentials; absent: docker's default. */
  readonly dockerConfigPath?: string | undefined;
  /** Limits for hosts that count pulls, in addition to those that the hosts announce. */
  readonly pullAllowances: ReadonlyMap<string, PullAllowance>;
  readonly docker: DockerEngineConfig;
  /** What finds and runs Helm and kustomize. */
  readonly programVariables: Readonly<Record<string, string | undefined>>;
  readonly github: GitHubSettings;
  readonly missingTagWaitMs: number;
  readonly mutableTags: MutableTags;
  readonly notifications: NotificationSettings;
  readonly audit: AuditSettings;
  readonly historyDays: number;
  /** Images that are in progress in parallel in a sync run. */
  readonly poolSize: number;
  /** Transfers in parallel in one worker. */
  readonly copySlots: number;
  readonly metrics: WorkerMetrics;
  /** How long a worker that stops lets running work go on; then it is cut off, and continues on another worker. */
  readonly drainMs: number;
}

/**
 * Reads the part for commands that show or change which version of the workers is the current one.
 *
 * @throws InvalidInput listing every error
 */
export function readDeploymentConfig(variables: Variables): DeploymentConfig {
  const environment = new Environment(variables);
  return throwingAllErrors((errors) => ({
    ...readBase(environment, errors),
    deployment: readDeployment(environment, errors),
  }));
}

/**
 * Reads the part for commands that request images; targets may be missing.
 *
 * @throws InvalidInput listing every error
 */
export function readRequestConfig(variables: Variables): RequestConfig {
  return readFilePart(variables, ({ base, registries }) => ({ ...base, sources: registries.sources }));
}

/**
 * Reads the part for commands that show the state; targets may be missing.
 *
 * @throws InvalidInput listing every error
 */
export function readTargetsConfig(variables: Variables): TargetsConfig {
  return readFilePart(variables, ({ base, registries }) => ({ ...base, targets: registries.targets }));
}

/**
 * Reads the part for commands that request checks of upstreams.
 *
 * @throws InvalidInput listing every error
 */
export function readUpstreamsConfig(variables: Variables): UpstreamsConfig {
  return readFilePart(variables, ({ base, registries, errors }) => ({
    ...base,
    upstreams: readUpstreams(registries.file, errors),
  }));
}

/**
 * Reads the part for commands that manage schedules.
 *
 * @throws InvalidInput listing every error
 */
export function readSchedulingConfig(variables: Variables): SchedulingConfig {
  return readFilePart(variables, ({ environment, base, registries: { file }, errors }) => {
    const upstreams = readUpstreams(file, errors);
    return { ...base, upstreams, schedules: readSchedules(environment, file, upstreams, errors) };
  });
}

/**
 * Reads the whole configuration; an invalid one is reported with all its errors, and nothing starts.
 *
 * @throws InvalidInput listing every error
 */
export function readConfig(variables: Variables): FerryConfig {
  return throwingAllErrors((errors) => collectConfig(new Environment(variables), errors));
}

/**
 * Reads the whole configuration and the server's settings, for `ferry up`, which runs both.
 *
 * @param options.mayLackTargets none is no error, unless something looks like a mistaken attempt to set one: a misspelled
 *   variable, a `ferry.yaml` that is not used
 * @throws InvalidInput listing every error of either
 */
export function readUpConfig(
  variables: Variables,
  options: CollectOptions = {},
): {
  readonly config: FerryConfig;
  readonly server: ServerSettings;
} {
  const environment = new Environment(variables);
  return throwingAllErrors((errors) => {
    const config = collectConfig(environment, errors, options);
    refuseDeployment(config, errors);
    const server = collectServerSettings(environment, config.upstreams, errors);
    assertDifferent([config.metrics.listen, config.metrics.temporal, server.metrics], errors);
    return { config, server };
  });
}

/** Its worker is replaced at once by one of another version, and work that is pinned to the old one would never go on. */
function refuseDeployment({ deployment }: FerryConfig, errors: ConfigErrors): void {
  if (deployment === undefined) return;
  const name = deployment.isControlled ? 'TEMPORAL_DEPLOYMENT_NAME' : 'FERRY_DEPLOYMENT';
  errors.add(
    `${name} is set, but "ferry up" runs a single worker, which an update replaces at once: unset it, or run workers of both versions side by side with "ferry worker" (docs/upgrades.md)`,
  );
}

export const waysToSetTarget =
  'set ALIYUN_REGISTRY with ALIYUN_NAME_SPACE, MY_REGISTRY, or add targets to the file that FERRY_CONFIG names';

interface FileParts {
  readonly environment: Environment;
  readonly base: BaseConfig;
  readonly registries: ReturnType<typeof readRegistries>;
  readonly errors: ConfigErrors;
}

function readFilePart<T>(variables: Variables, part: (parts: FileParts) => T): T {
  const environment = new Environment(variables);
  return throwingAllErrors((errors) => {
    const base = readBase(environment, errors);
    return part({ environment, base, registries: readRegistries(environment, errors), errors });
  });
}

interface CollectOptions {
  readonly mayLackTargets?: boolean | undefined;
}

function collectConfig(
  environment: Environment,
  errors: ConfigErrors,
  { mayLackTargets = false }: CollectOptions = {},
): FerryConfig {
  const base = readBase(environment, errors);
  const { file, hosts, targets, sources } = readRegistries(environment, errors);
  if (targets.length === 0 && !errors.any) {
    const notes = configWarnings(environment.present());
    if (!mayLackTargets || notes.length > 0) {
      errors.add(`no target is configured: ${waysToSetTarget}`);
      for (const note of notes) errors.add(note);
    }
  }

  const upstreams = readUpstreams(file, errors);
  if (targets.length > 0) checkUpstreamTargets(file, upstreams, targets, errors);
  const dockerConfig = errors.try(() => dockerConfigPath(environment));
  return {
    ...base,
    deployment: readDeployment(environment, errors),
    targets,
    hosts,
    sources,
    proxies: readProxies(environment, errors),
    credentials: targetCredentials(environment, file, targets),
    dockerConfigPath: dockerConfig,
    pullAllowances: readPullAllowances(file, errors),
    docker: readDocker(environment),
    programVariables: readProgramVariables(environment),
    github: readGitHub(environment, file.github, errors),
    upstreams,
    schedules: readSchedules(environment, file, upstreams, errors),
    mutableTags: readMutableTags(environment, file, errors),
    notifications: readNotifications(environment, file, errors),
    audit: readAudit(file, errors),
    missingTagWaitMs: readDuration(environment, errors, 'FERRY_MISSING_TAG_WAIT', { standard: '72h' }),
    drainMs: readDuration(environment, errors, 'FERRY_DRAIN_TIME', { standard: '5s' }),
    historyDays: readNumber(environment, errors, 'FERRY_HISTORY_DAYS', { standard: 90, least: 1, most: 36_500 }),
    poolSize: readNumber(environment, errors, 'FERRY_IMAGES_AT_ONCE', { standard: 16, least: 1, most: 500 }),
    copySlots: readNumber(environment, errors, 'FERRY_COPIES_AT_ONCE', { standard: 20, least: 1, most: 64 }),
    metrics: readWorkerMetrics(environment, errors),
  };
}

function readRegistries(environment: Environment, errors: ConfigErrors) {
  const file = configFileOf(environment, errors);
  const hosts = errors.try(() => environmentHosts(environment)) ?? new Map<string, HostSettings>();
  const targets = readTargets(environment, file, hosts, errors);
  readHosts(file, hosts, errors);
  const trusted = [...hosts].filter(([, settings]) => settings.trusted !== false).map(([host]) => host);
  const sources = readAllowedSources(environment, trusted, targets, errors);
  return { file, hosts, targets, sources };
}
