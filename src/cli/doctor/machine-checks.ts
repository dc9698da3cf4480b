import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

import { gitHubOptions } from '../../composition/github-options.js';
import type { BaseConfig } from '../../config/base-config.js';
import type { FerryConfig } from '../../config/read-config.js';
import { FerryError } from '../../domain/ferry-error.js';
import { fetchId } from '../../domain/upstream.js';
import type { GitHubOptions } from '../../upstreams/github.js';
import { readGitHubRate } from '../../upstreams/github-rate.js';
import { localTime } from '../local-time.js';
import { megabytes } from '../output.js';
import type { Check } from './check.js';
import { CheckWarning } from './check.js';

/** Databases and logs of a busy ferry grow by a few hundred megabytes between two looks. */
const leastFreeBytes = 1_000_000_000;
/** A look at all upstreams takes a handful of requests. */
const fewRequests = 10;

export function diskCheck({ dataDir }: Pick<BaseConfig, 'dataDir'>): Check {
  return {
    part: 'disk',
    async look() {
      const { bavail, bsize } = await statfs(existingFolder(dataDir));
      const free = bavail * bsize;
      if (free >= leastFreeBytes) return `${megabytes(free)} free for ${dataDir}`;
      throw new FerryError(
        `only ${megabytes(free)} are free for ${dataDir}: make room, or set FERRY_DATA_DIR to another place`,
        { code: 'configuration', decision: 'block' },
      );
    },
  };
}

/** A fault only where a schedule that is kept here looks at an upstream on GitHub. */
export function gitHubCheck(config: Pick<FerryConfig, 'github' | 'proxies' | 'schedules' | 'upstreams'>): Check {
  const { schedules, upstreams } = config;
  const onGitHub = upstreams.filter(({ kind }) => kind !== 'tags').map(({ name }) => name);
  const scheduled = schedules.settings.flatMap(({ does }) => (does.kind === 'fetch' ? [does.upstream] : []));
  const used = scheduled.filter((name) => onGitHub.includes(name));
  return {
    part: 'github',
    async look(signal) {
      if (used.length === 0) return 'not used: no schedule looks at an upstream there';
      try {
        return await lookAtGitHub(gitHubOptions(config), signal);
      } catch (error) {
        if (!(error instanceof FerryError)) throw error;
        if (!schedules.areKept) {
          throw new CheckWarning(`${error.message}; this process keeps no schedules, and only "ferry fetch" needs it`);
        }
        if (error.code !== 'unreachable') throw error;
        const ids = used.map((name) => `${fetchId(name)}: off`).join(', ');
        throw new FerryError(
          `${error.message}; where it is never to be reached, switch off what asks it (schedules in ferry.yaml: ${ids})`,
          { code: error.code, decision: error.decision, cause: error },
        );
      }
    },
  };
}

async function lookAtGitHub(github: GitHubOptions, signal: AbortSignal): Promise<string> {
  const { limit, remaining, resetsAt } = await readGitHubRate({ ...github, retryPauseMs: 100 }, signal);
  const state = `${remaining} of ${limit} requests of this hour are left`;
  if (remaining >= fewRequests) return state;
  const hint = github.token() === undefined ? '; GITHUB_TOKEN raises the limit' : '';
  throw new FerryError(`${state}, more from ${localTime(resetsAt)} on${hint}`, {
    code: 'rate-limited',
    decision: 'wait',
  });
}

function existingFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existingFolder(dirname(path));
}
