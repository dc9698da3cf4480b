import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

import { CheckWarning } from '../../checks/check.js';
import type { Check } from '../../checks/check.js';
import { gitHubOptions } from '../../composition/github-options.js';
import type { BaseConfig } from '../../config/base-config.js';
import type { FerryConfig } from '../../config/read-config.js';
import { printBytes } from '../../domain/byte-count.js';
import { FerryError } from '../../domain/ferry-error.js';
import { fetchId } from '../../domain/upstream.js';
import { readGitHubRate } from '../../upstreams/github-rate.js';
import type { GitHubOptions } from '../../upstreams/github.js';
import { localTime } from '../local-time.js';

/** Databases and logs of a busy ferry grow by a few hundred megabytes between two checks. */
const minFreeBytes = 1_000_000_000;
/** A check of all upstreams takes a handful of requests. */
const fewRequests = 10;

export function diskCheck({ dataDir }: Pick<BaseConfig, 'dataDir'>): Check {
  return {
    part: 'disk',
    async run() {
      const { bavail, bsize } = await statfs(existingFolder(dataDir));
      const free = bavail * bsize;
      if (free >= minFreeBytes) return `${printBytes(free)} free for ${dataDir}`;
      throw new FerryError(
        `only ${printBytes(free)} free for ${dataDir}: free some space, or set FERRY_DATA_DIR to another disk`,
        { code: 'configuration', decision: 'block' },
      );
    },
  };
}

/** An error only if this machine's schedules check an upstream on GitHub. */
export function gitHubCheck(config: Pick<FerryConfig, 'github' | 'proxies' | 'schedules' | 'upstreams'>): Check {
  const { schedules, upstreams } = config;
  const onGitHub = upstreams.filter(({ kind }) => kind !== 'tags').map(({ name }) => name);
  const scheduled = schedules.settings.flatMap(({ does }) => (does.kind === 'fetch' ? [does.upstream] : []));
  const used = scheduled.filter((name) => onGitHub.includes(name));
  return {
    part: 'github',
    async run(signal) {
      if (used.length === 0) return 'not used: no schedule checks an upstream on GitHub';
      try {
        return await checkGitHub(gitHubOptions(config), signal);
      } catch (error) {
        if (!(error instanceof FerryError)) throw error;
        if (!schedules.areKept) {
          throw new CheckWarning(
            `${error.message}; this machine keeps no schedules, so only "ferry fetch" needs GitHub`,
          );
        }
        if (error.code !== 'unreachable') throw error;
        const ids = used.map((name) => `${fetchId(name)}: off`).join(', ');
        throw new FerryError(
          `${error.message}; if GitHub is never reachable from here, switch off the schedules that use it (schedules in ferry.yaml: ${ids})`,
          { code: error.code, decision: error.decision, cause: error },
        );
      }
    },
  };
}

async function checkGitHub(github: GitHubOptions, signal: AbortSignal): Promise<string> {
  const { limit, remaining, resetsAt } = await readGitHubRate({ ...github, retryPauseMs: 100 }, signal);
  const state = `${remaining} of ${limit} requests left for this hour`;
  if (remaining >= fewRequests) return state;
  const hint = github.token() === undefined ? '; GITHUB_TOKEN raises the limit' : '';
  throw new FerryError(`${state}, more at ${localTime(resetsAt)}${hint}`, {
    code: 'rate-limited',
    decision: 'wait',
  });
}

function existingFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existingFolder(dirname(path));
}
