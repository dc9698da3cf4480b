/**
 * Builds the ports that a worker's activities need from the configuration: database, registries, upstreams, Temporal.
 */
import { hostAddresses, listTags } from '@image-ferry/registry';
import type { PullQuota, RegistryClient } from '@image-ferry/registry';

import {
  createDaemonActivities,
  createMainActivities,
  createNotifyingActivities,
  createTransferActivities,
  createUpkeepActivities,
  createUpstreamActivities,
} from '../activities/index.js';
import { logAttempt } from '../activities/notification-activities.js';
import type { TemporalClient } from '../client/connect.js';
import { isWorkerPolling } from '../client/worker-availability.js';
import type { FerryConfig } from '../config/read-config.js';
import type {
  AuditActivities,
  CopyActivities,
  DockerActivities,
  FetchActivities,
  MainActivities,
  NotificationActivities,
  RollbackActivities,
} from '../contract/activity-types.js';
import { TaskQueue } from '../contract/task-queues.js';
import type { Stores } from '../database/stores.js';
import { createSourceGate } from '../domain/source-gate.js';
import type { Meter } from '../observability/metrics/meter.js';
import { ImageTurns } from '../planning/image-turns.js';
import { createGitHub } from '../upstreams/github.js';
import { createUpstreamWatcher } from '../upstreams/upstream-watcher.js';
import { chartPrograms } from './chart-programs.js';
import { createCopyEngine } from './copy-engine.js';
import { gitHubOptions } from './github-options.js';
import { openNotifications, watchTemporal } from './notification-parts.js';
import { meteredEngine } from './observability/metered-engine.js';
import { createDockerEngine } from './open-docker-engine.js';
import { syncRequester } from './sync-requester.js';

export interface OpenParts {
  readonly stores: Stores;
  readonly registries: RegistryClient;
  readonly temporal: TemporalClient;
  /** Counts all reads from sources. */
  readonly pulls: PullQuota;
  /** Absent: nothing is measured. */
  readonly meter?: Meter | undefined;
}

/** One set of activities per task queue. */
export interface ActivitySets {
  readonly main: MainActivities & FetchActivities & NotificationActivities & AuditActivities & RollbackActivities;
  readonly copy: CopyActivities;
  /** Absent if no target is reached through a Docker daemon. */
  readonly docker?: DockerActivities;
}

export function createActivitySets(
  config: FerryConfig,
  { stores, registries, temporal, pulls, meter }: OpenParts,
): ActivitySets {
  const { targets, platforms, poolSize, historyDays, missingTagWaitMs, mutableTags, upstreams, audit } = config;
  const bare = createCopyEngine(registries);
  const engine = meter === undefined ? bare : meteredEngine(bare, meter);
  const turns = new ImageTurns();
  const sources = createSourceGate(config.sources, hostAddresses);
  const watcher = createUpstreamWatcher({
    github: createGitHub(gitHubOptions(config)),
    registries: { listTags: async (repository, look) => await listTags(registries, repository, look) },
    programs: chartPrograms(config.programVariables),
  });
  const main = createMainActivities({
    ...stores,
    engine,
    requester: syncRequester(temporal),
    daemonWorkers: { arePolling: async () => await isWorkerPolling(temporal, TaskQueue.docker) },
    sources,
    targets,
    platforms,
    poolSize,
    historyDays,
    missingTagWaitMs,
    mutableTags,
    turns,
  });
  return {
    main: {
      ...main,
      ...createUpstreamActivities({ ...stores, watcher, sources, upstreams, platforms }),
      ...createNotifyingActivities({
        notifications: openNotifications(config, stores, (attempt) => {
          logAttempt(attempt);
          meter?.notified(attempt.channel, attempt.outcome);
        }),
        watch: async () => await watchTemporal(temporal, config),
      }),
      ...createUpkeepActivities({ ...stores, engine, targets, pulls, audit }),
    },
    copy: createTransferActivities({ engine, targets, turns }),
    ...(targets.some((target) => target.engine === 'docker')
      ? { docker: createDaemonActivities({ docker: createDockerEngine(config), names: stores.names, pulls }) }
      : {}),
  };
}
