import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { projectRoot } from '../../demo/tools.js';
import { cpuTimesOf } from '../process-usage.js';
import type { CountedRegistry, RequestCounts } from './counted-registry.js';

export type StandInMessage = { readonly port: number } | { readonly counts: RequestCounts };

export interface StandIn extends CountedRegistry {
  readonly host: string;
  close(): Promise<void>;
}

/**
 * Starts a server in a process of its own that has every tag of every repository: a tiny image of that name. It stands in
 * for registries with more tags than a disk has room for, and takes no uploads.
 */
export async function startStandIn(): Promise<StandIn> {
  const child = fork(join(projectRoot, 'dist', 'bench', 'scale', 'stand-in-main.js'));
  const answer = async (): Promise<StandInMessage> => {
    const [message] = (await once(child, 'message')) as [StandInMessage];
    return message;
  };
  const started = await answer();
  const port = 'port' in started ? started.port : 0;
  return {
    host: `127.0.0.1:${port}`,
    port,
    cpuMs: () => cpuTimesOf(child.pid).ownMs,
    async requests() {
      child.send('counts');
      const message = await answer();
      return 'counts' in message ? message.counts : {};
    },
    async close() {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}
