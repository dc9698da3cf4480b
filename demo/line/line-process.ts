import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { projectRoot } from '../tools.js';
import type { Exchange, Line, LineOptions, LineStats } from './line.js';

type Method = Exclude<keyof Line, 'host' | 'port'>;

export interface LineCall {
  readonly id: number;
  readonly method: Method | 'start';
  readonly args: readonly unknown[];
}

export interface LineReply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/**
 * Starts a line in a process of its own, for measurements: it shares no event loop with what it measures. Runs the
 * compiled code in `dist/`.
 *
 * @throws Error from every method when the process has ended
 */
export async function startLineProcess(options: LineOptions): Promise<Line> {
  // Advanced: a condition that is undefined arrives as that, and not as one that was left out.
  const child = fork(join(projectRoot, 'dist', 'demo', 'line', 'line-main.js'), { serialization: 'advanced' });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let calls = 0;
  let ended: Error | undefined;
  child.on('message', ({ id, value, error }: LineReply) => {
    const caller = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) caller?.resolve(value);
    else caller?.reject(new Error(error));
  });
  const end = (error: Error): void => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  child.once('error', end);
  child.once('exit', (status, signal) => end(new Error(`the line's process ended with ${signal ?? status}`)));

  const call = (method: LineCall['method'], ...args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended);
      waiting.set((calls += 1), { resolve, reject });
      child.send({ id: calls, method, args } satisfies LineCall);
    });
  const { host, port } = (await call('start', options)) as Pick<Line, 'host' | 'port'>;
  return {
    host,
    port,
    stats: async () => (await call('stats')) as LineStats,
    exchanges: async () => (await call('exchanges')) as readonly Exchange[],
    stall: async (stall) => void (await call('stall', stall)),
    resume: async () => void (await call('resume')),
    resetAll: async () => (await call('resetAll')) as number,
    change: async (conditions) => void (await call('change', conditions)),
    clear: async () => void (await call('clear')),
    async close() {
      await call('close');
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}
