import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseAccessLog } from '../../demo/access-log.js';
import type { LoggedRequest } from '../../demo/access-log.js';
import type { RegistryAddress } from '../../demo/registry-request.js';
import { registryCommand } from '../../demo/registry-server.js';
import type { SourceName, TargetName } from '../plan/parts.js';
import { partOf } from './part.js';
import type { Part, PartEvents } from './part.js';

/** A registry that keeps its address and its blobs however often it is killed. */
export interface ChaosRegistry extends RegistryAddress {
  readonly name: SourceName | TargetName;
  readonly port: number;
  readonly part: Part;
  /** Every request that it has answered and logged. */
  requests(): readonly LoggedRequest[];
  /** Uploads that are not finished, as `repository id`. */
  openUploads(): ReadonlySet<string>;
}

export interface ChaosRegistryOptions {
  readonly name: SourceName | TargetName;
  readonly folder: string;
  readonly storage: string;
  readonly port: number;
  readonly env: NodeJS.ProcessEnv;
}

export function makeRegistry(
  { name, folder: parent, storage, port, env }: ChaosRegistryOptions,
  events: PartEvents,
): ChaosRegistry {
  const folder = join(parent, name);
  mkdirSync(folder);
  const command = registryCommand(folder, { kind: 'distribution', port, storage });
  const outputPath = join(folder, 'access.log');
  const part = partOf(
    name,
    { ...command, env: { ...command.env, ...env }, logPath: join(folder, 'registry.log'), outputPath },
    events,
  );
  return {
    name,
    port,
    part,
    url: `http://127.0.0.1:${port}`,
    openUploads: () => openUploadsIn(join(storage, 'docker', 'registry', 'v2', 'repositories')),
    requests: () => parseAccessLog(readFileSync(outputPath, 'utf8')),
  };
}

function openUploadsIn(repositories: string): ReadonlySet<string> {
  if (!existsSync(repositories)) return new Set();
  const paths = readdirSync(repositories, { recursive: true, encoding: 'utf8' });
  return new Set(
    paths.flatMap((path) => {
      const [, repository, upload] = /^(.+)\/_uploads\/([^/]+)$/.exec(path) ?? [];
      return upload === undefined ? [] : [`${repository} ${upload}`];
    }),
  );
}
