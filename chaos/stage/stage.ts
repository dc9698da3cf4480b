import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { Line } from '../../demo/line/line.js';
import { startLine } from '../../demo/line/start-line.js';
import { diskNames, lineNames, sourceNames, targetNames, workerNames } from '../plan/parts.js';
import type { DiskName, LineName, PartName, SourceName, TargetName } from '../plan/parts.js';
import { makeDisk } from './disk.js';
import type { Disk } from './disk.js';
import { environmentOf } from './environment.js';
import { fixedPort } from './fixed-port.js';
import type { Part, PartEvents } from './part.js';
import { startPlatforms } from './platforms.js';
import type { ChaosPlatforms } from './platforms.js';
import { makeRegistry } from './registries.js';
import type { ChaosRegistry } from './registries.js';
import { makeDatabase, makeFerryPart, makeTemporal } from './services.js';
import type { ChaosDatabase } from './services.js';

export interface StageOptions {
  /** Empty, or with a time line; everything of the stage goes into it. */
  readonly folder: string;
  /** Of each line to a registry, in each direction. */
  readonly lineBytesPerSecond: number;
  /** What the images take on a target at most. */
  readonly targetBytes: number;
}

/** Everything that the ferry works with, each a process of its own, and lines between them. Nothing runs yet. */
export interface ChaosStage {
  readonly folder: string;
  readonly parts: Readonly<Record<PartName, Part>>;
  readonly lines: Readonly<Record<LineName, Line>>;
  readonly disks: Readonly<Record<DiskName, Disk>>;
  readonly registries: Readonly<Record<SourceName | TargetName, ChaosRegistry>>;
  readonly platforms: ChaosPlatforms;
  readonly database: ChaosDatabase['access'];
  readonly environment: NodeJS.ProcessEnv;
  /** In the environment of every process of this stage. */
  readonly mark: string;
  /** Closes the lines and removes the disks; the processes have ended. */
  close(): Promise<void>;
  clear(): void;
}

const megabyte = 1024 * 1024;
/** The database and Temporal need little; a registry keeps each blob twice while it commits it on another disk. */
const serviceDiskBytes = 512 * megabyte;
const roundTripMs = 4;
const exitListeners = 64;

export async function makeStage(options: StageOptions, events: PartEvents): Promise<ChaosStage> {
  const { folder } = options;
  // Each process and each disk has one, so that nothing outlives this process.
  process.setMaxListeners(Math.max(process.getMaxListeners(), exitListeners));
  const mark = `IMAGE_FERRY_CHAOS=${folder}`;
  const env = { IMAGE_FERRY_CHAOS: folder };
  mkdirSync(join(folder, 'disks'));
  const disks = recordOf(diskNames, (name) => {
    const bytes = name === 'temporal' || name === 'database' ? serviceDiskBytes : options.targetBytes + 64 * megabyte;
    return makeDisk(join(folder, 'disks', name), bytes);
  });
  const ports = await portsOf();
  const lines = await linesTo(ports, options.lineBytesPerSecond);

  const registries = recordOf([...sourceNames, ...targetNames], (name) => {
    const storage = isTarget(name) ? disks[name].path : join(folder, `${name}-storage`);
    return makeRegistry({ name, folder, storage, port: ports[name], env }, events);
  });
  const database = makeDatabase(disks.database.path, ports.database, { folder, env, events });
  const platforms = await startPlatforms();
  const environment = environmentOf({
    folder,
    hosts: recordOf(lineNames, (name) => lines[name].host),
    database: database.access,
    listen: `127.0.0.1:${ports.server}`,
    platforms,
    mark: env,
  });
  const ferry = { folder, env: environment, events };
  const workers = recordOf(workerNames, (name) => makeFerryPart(name, 'worker', ferry));
  return {
    folder,
    parts: {
      ...workers,
      server: makeFerryPart('server', 'server', ferry),
      temporal: makeTemporal(disks.temporal.path, ports.temporal, { folder, env, events }),
      database: database.part,
      ...recordOf([...sourceNames, ...targetNames], (name) => registries[name].part),
    },
    lines,
    disks,
    registries,
    platforms,
    database: database.access,
    environment,
    mark,
    async close() {
      await platforms.stop();
      for (const line of Object.values(lines)) await line.close();
      for (const disk of Object.values(disks)) disk.remove();
    },
    clear: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function portsOf(): Promise<Record<LineName, number>> {
  const ports = new Set<number>();
  while (ports.size < lineNames.length) ports.add(await fixedPort());
  const list = [...ports];
  return Object.fromEntries(lineNames.map((name, n) => [name, list[n]])) as Record<LineName, number>;
}

async function linesTo(
  ports: Readonly<Record<LineName, number>>,
  bytesPerSecond: number,
): Promise<Record<LineName, Line>> {
  const started = await Promise.all(
    lineNames.map(async (name) => {
      const isRegistry = isTarget(name) || isSource(name);
      const rate = isRegistry ? { roundTripMs, bytesPerSecond: { line: bytesPerSecond } } : {};
      return [name, await startLine({ to: { port: ports[name] }, ...rate })] as const;
    }),
  );
  return Object.fromEntries(started) as Record<LineName, Line>;
}

function isTarget(name: string): name is TargetName {
  return (targetNames as readonly string[]).includes(name);
}

function isSource(name: string): name is SourceName {
  return (sourceNames as readonly string[]).includes(name);
}

function recordOf<Name extends string, T>(names: readonly Name[], make: (name: Name) => T): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, T>;
}
