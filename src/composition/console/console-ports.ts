import type { TemporalClient } from '../../client/connect.js';
import type { ConsoleConfig } from '../../config/console-config.js';
import { FerryError } from '../../domain/ferry-error.js';
import { temporalConsoleWork } from '../../server/v1/temporal-console-work.js';
import type { ConsolePorts } from '../../server/v1/v1-api.js';
import type { StatusDatabase } from '../status-database.js';
import { namesOnTargets } from './target-names.js';
import { createTargetViews } from './target-views.js';

export interface ConsolePortsOptions {
  readonly config: ConsoleConfig;
  readonly temporal: TemporalClient;
  readonly database: StatusDatabase;
}

/** What the routes of `/api/v1` need, put together from the configuration, the database and Temporal. */
export function createConsolePorts({ config, temporal, database }: ConsolePortsOptions): ConsolePorts {
  const { targets, upstreams, schedules } = config;
  return {
    work: temporalConsoleWork(temporal),
    actions: { apply: later, preview: later },
    pasted: { parse: later, add: later },
    names: {
      of: async (source) => await database.read(async ({ names }) => await namesOnTargets(names, source, targets)),
    },
    targets: createTargetViews({ targets, database, check: later }),
    configuration: () => {
      throw new FerryError('not there yet', { code: 'internal', decision: 'block' });
    },
    imagesOf: async () => undefined,
    upstreams,
    schedules: schedules.settings,
  };
}

async function later(): Promise<never> {
  throw new FerryError('not there yet', { code: 'internal', decision: 'block' });
}
