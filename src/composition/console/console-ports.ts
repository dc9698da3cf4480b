import { hostAddresses } from '@image-ferry/registry';

import { addImagesOutcome } from '../../client/add-images.js';
import type { TemporalClient } from '../../client/connect.js';
import { configurationView, placeOfDatabase } from '../../config/configuration-view.js';
import type { ConsoleConfig } from '../../config/console-config.js';
import type { Variables } from '../../config/environment.js';
import { packageVersion } from '../../config/package-folder.js';
import type { DatabaseSettings } from '../../domain/database-settings.js';
import { createSourceGate } from '../../domain/source-gate.js';
import type { ServerWork } from '../../server/server-work.js';
import { temporalAuditWork } from '../../server/v1/temporal-audit-work.js';
import { temporalConsoleWork } from '../../server/v1/temporal-console-work.js';
import type { ConsolePorts } from '../../server/v1/v1-api.js';
import type { StatusDatabase } from '../status-database.js';
import { createAuditActions } from './audit-actions.js';
import { createImageActions } from './image-actions.js';
import { createNotificationWork } from './notification-work.js';
import { createPastedImages } from './pasted-images.js';
import { createReleaseFiles } from './release-files.js';
import { createTargetCheck } from './target-check.js';
import { namesOnTargets } from './target-names.js';
import { createTargetViews } from './target-views.js';

export interface ConsolePortsOptions {
  readonly config: ConsoleConfig;
  readonly variables: Variables;
  readonly dataDir: string;
  readonly databasePlace: DatabaseSettings;
  readonly temporal: TemporalClient;
  readonly serverWork: ServerWork;
  /** Read-only. */
  readonly reading: StatusDatabase;
  readonly writing: StatusDatabase;
}

/** What the routes of `/api/v1` need, put together from the configuration, the database and Temporal. */
export function createConsolePorts(options: ConsolePortsOptions): ConsolePorts {
  const { config, variables, temporal, serverWork, reading, writing } = options;
  const { targets, upstreams, schedules, whole, request, fault: configFault } = config;
  const work = temporalConsoleWork(temporal);
  const targetNames = targets.map(({ name }) => name);
  const sources = request?.sources ?? { allowed: [], trusted: [], targets: [] };
  return {
    work,
    actions: createImageActions({
      reading,
      writing,
      work,
      targets: targetNames,
      config: whole,
      configFault,
    }),
    audits: createAuditActions({
      writing,
      work: { ...work, ...temporalAuditWork(temporal) },
      targets: targetNames,
    }),
    pasted: createPastedImages({
      database: reading,
      work: serverWork,
      sources: createSourceGate(sources, hostAddresses),
      platforms: request?.platforms ?? [],
      targets,
      config: whole,
      configFault,
    }),
    names: {
      of: async (source) => await reading.read(async ({ names }) => await namesOnTargets(names, source, targets)),
    },
    targets: createTargetViews({ targets, database: reading, check: createTargetCheck(whole, configFault) }),
    releases: createReleaseFiles(reading, targets),
    configuration: () => ({
      version: packageVersion(),
      dataFolder: options.dataDir,
      database: placeOfDatabase(options.databasePlace),
      ...configurationView(variables),
      ...(configFault === undefined ? {} : { fault: configFault }),
    }),
    imagesOf: async (delivery) => await addImagesOutcome(temporal, delivery),
    upstreams,
    schedules: schedules.settings,
    notifications: createNotificationWork({ reading, writing, config: whole }),
  };
}
