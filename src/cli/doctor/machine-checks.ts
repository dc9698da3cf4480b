import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { PlaceConfig } from '../../config/place-config.js';
import type { FerryConfig } from '../../config/read-config.js';
import { FerryError } from '../../domain/ferry-error.js';
import { readGitHubRate } from '../../upstreams/github-rate.js';
import { localTime } from '../local-time.js';
import { megabytes } from '../output.js';
import type { Check } from './check.js';

/** Databases and logs of a busy ferry grow by a few hundred megabytes between two looks. */
const leastFreeBytes = 1_000_000_000;
/** A look at all upstreams takes a handful of requests. */
const fewRequests = 10;

export function diskCheck({ dataDir }: Pick<PlaceConfig, 'dataDir'>): Check {
  return {
    part: 'disk',
    async look() {
      const { bavail, bsize } = await statfs(existingFolder(dataDir));
      const free = bavail * bsize;
      if (free >= leastFreeBytes) return `${megabytes(free)} free for ${dataDir}`;
      throw new FerryError(
        `only ${megabytes(free)} are free for ${dataDir}: make room, or set FERRY_DATA_DIR to another place`,
        { code: 'configuration', decision: 'park' },
      );
    },
  };
}

export function gitHubCheck({ github }: Pick<FerryConfig, 'github'>): Check {
  return {
    part: 'github',
    async look(signal) {
      const { limit, remaining, resetsAt } = await readGitHubRate(github, signal);
      const state = `${remaining} of ${limit} requests of this hour are left`;
      if (remaining >= fewRequests) return state;
      const hint = github.token() === undefined ? '; GITHUB_TOKEN raises the limit' : '';
      throw new FerryError(`${state}, more from ${localTime(resetsAt)} on${hint}`, {
        code: 'rate-limited',
        decision: 'wait',
      });
    },
  };
}

function existingFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existingFolder(dirname(path));
}
