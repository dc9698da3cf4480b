import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';

import { runFerry } from '../../demo/ferry-process.js';
import { startMariaDb } from '../../demo/mariadb-server.js';
import { makeFerryEnvironment } from '../ferry-environment.js';
import { cpuTimesOf } from '../process-usage.js';
import type { CountedRegistry } from './counted-registry.js';
import { startFleet } from './fleet.js';
import type { Fleet } from './fleet.js';
import { profilingOf } from './profiling.js';

export interface ScaleOptions {
  /** `127.0.0.1:port` of the source, of its line where it has one. */
  readonly sourceHost: string;
  readonly targetHosts: readonly string[];
  /** What is counted: the servers themselves. */
  readonly source: CountedRegistry;
  readonly targets: readonly CountedRegistry[];
  /** Default 1. */
  readonly workers?: number | undefined;
  /** More variables of every ferry process. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
}

/** A MariaDB, and a ferry that is not running yet. */
export interface ScaleStage extends ScaleOptions {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** In the ferry's database. */
  readonly sql: Connection;
  databaseCpuMs(): number;
  /** Undefined before the start. */
  fleet(): Fleet | undefined;
  start(): Promise<Fleet>;
  /** Runs a command to its end. @throws Error with what it said if its status is none of these */
  ferry(args: readonly string[], statuses?: readonly number[]): Promise<string>;
}

/** Enough for the rows of the largest scenario, as a server for this work has. */
const databaseOptions = ['--innodb-buffer-pool-size=512M', '--innodb-log-file-size=256M'];

/** Starts the database, does the work, and leaves nothing behind. */
export async function withScaleStage<T>(options: ScaleOptions, work: (stage: ScaleStage) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-scale-'));
  const server = await startMariaDb(databaseOptions);
  let fleet: Fleet | undefined;
  try {
    const { host, port, user, password } = server;
    const sql = await createConnection({ host, port, user, password });
    await sql.query('create database ferry character set utf8mb4');
    await sql.query('use ferry');
    const environment = {
      ...makeFerryEnvironment({
        folder,
        sourceHost: options.sourceHost,
        targetHosts: options.targetHosts,
        database: {
          MYSQL_HOST: host,
          MYSQL_PORT: String(port),
          MYSQL_USER: user,
          MYSQL_PASSWORD: password,
          MYSQL_DB: 'ferry',
        },
      }),
      ...options.variables,
    };
    const result = await work({
      ...options,
      folder,
      environment,
      sql,
      databaseCpuMs: () => cpuTimesOf(server.pid()).ownMs,
      fleet: () => fleet,
      async start() {
        const { workers = 1 } = options;
        fleet = await startFleet({ folder, environment: { ...environment, ...profilingOf(process.env) }, workers });
        return fleet;
      },
      async ferry(args, statuses = [0]) {
        const { status, output, errors } = await runFerry(args, environment);
        if (status !== null && statuses.includes(status)) return output;
        throw new Error(`ferry ${args.join(' ')} ended with ${status}:\n${errors}${output}`.slice(0, 4000));
      },
    });
    await sql.end();
    return result;
  } finally {
    await fleet?.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
