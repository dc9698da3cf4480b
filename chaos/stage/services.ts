import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { mariaDbCommand } from '../../demo/mariadb-server.js';
import type { MariaDbCommand } from '../../demo/mariadb-server.js';
import { projectRoot, requireTool } from '../../demo/tools.js';
import type { PartName } from '../plan/parts.js';
import { partOf } from './part.js';
import type { Part, PartEvents } from './part.js';

interface ServiceOptions {
  /** Of the logs. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly events: PartEvents;
}

export interface ChaosDatabase {
  readonly part: Part;
  readonly access: MariaDbCommand['access'];
}

/** @param disk where its data is */
export function makeDatabase(disk: string, port: number, { folder, env, events }: ServiceOptions): ChaosDatabase {
  // It writes its redo log at each commit: SIGKILL loses nothing that was committed.
  const { program, args, access } = mariaDbCommand(disk, port, ['--innodb-fast-shutdown=1']);
  const logPath = join(folder, 'database.log');
  return { part: partOf('database', { program, args, env: { ...process.env, ...env }, logPath }, events), access };
}

/** @param disk where its data is */
export function makeTemporal(disk: string, port: number, { folder, env, events }: ServiceOptions): Part {
  const flags = ['--headless', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'error'];
  const data = ['--db-filename', join(disk, 'temporal.db')];
  // As `ferry up` starts it.
  const journal = ['journal_mode=WAL', 'synchronous=FULL'].flatMap((pragma) => ['--sqlite-pragma', pragma]);
  const partitions = ['Read', 'Write'].flatMap((kind) => [
    '--dynamic-config-value',
    `matching.numTaskqueue${kind}Partitions=1`,
  ]);
  return partOf(
    'temporal',
    {
      program: requireTool('temporal'),
      args: ['server', 'start-dev', ...flags, ...data, ...journal, ...partitions],
      env: { ...process.env, ...env },
      logPath: join(folder, 'temporal.log'),
    },
    events,
  );
}

/** `ferry worker` or `ferry server`. */
export function makeFerryPart(
  name: PartName,
  command: 'worker' | 'server',
  { folder, env, events }: ServiceOptions,
): Part {
  const dataFolder = join(folder, name);
  mkdirSync(dataFolder);
  return partOf(
    name,
    {
      program: process.execPath,
      args: [join(projectRoot, 'bin', 'ferry'), command],
      env: { ...env, FERRY_DATA_DIR: dataFolder },
      logPath: join(folder, `${name}.log`),
    },
    events,
  );
}
