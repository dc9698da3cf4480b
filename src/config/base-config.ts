import { canonicalPlatforms } from '../domain/canonical-platforms.js';
import type { DatabaseSettings } from '../domain/database-settings.js';
import { throwingAllErrors } from './config-errors.js';
import type { ConfigErrors } from './config-errors.js';
import { readDataDir } from './data-folder.js';
import { readDatabase } from './database-config.js';
import { Environment } from './environment.js';
import type { Variables } from './environment.js';
import { readTemporalSettings } from './temporal-settings.js';
import type { TemporalSettings } from './temporal-settings.js';
import { readTraceSettings } from './trace-settings.js';
import type { TraceSettings } from './trace-settings.js';
import { named } from './variable-values.js';

/** The part of the configuration that every process of the ferry needs. */
export interface BaseConfig {
  readonly dataDir: string;
  readonly database: DatabaseSettings;
  readonly temporal: TemporalSettings;
  /** Canonical platforms, or `all` alone: the platforms of a request that names none. */
  readonly platforms: readonly string[];
  /** Where traces go; absent: there are none. */
  readonly traces?: TraceSettings | undefined;
}

/**
 * Reads the part for commands that do not copy: database, Temporal, defaults.
 *
 * @throws InvalidInput listing every error
 */
export function readBaseConfig(variables: Variables): BaseConfig {
  return throwingAllErrors((errors) => readBase(new Environment(variables), errors));
}

/** Reads database, Temporal and defaults; errors are added to `errors`. */
export function readBase(environment: Environment, errors: ConfigErrors): BaseConfig {
  const dataDir = errors.try(() => readDataDir(environment)) ?? '';
  return {
    dataDir,
    database: readDatabase(environment, dataDir, errors),
    temporal: errors.try(() => readTemporalSettings(environment)) ?? { namespace: 'default', connection: {} },
    platforms:
      errors.try(() =>
        named('FERRY_PLATFORMS', () => canonicalPlatforms(environment.value('FERRY_PLATFORMS') ?? 'linux/amd64')),
      ) ?? [],
    traces: errors.try(() => readTraceSettings(environment)),
  };
}
