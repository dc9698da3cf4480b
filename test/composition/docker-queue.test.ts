import { once } from 'node:events';

import { expect, test, vi } from 'vitest';

import { serveDockerQueue } from '../../src/composition/docker-queue.js';

/** A worker that runs until it is stopped. */
function workerStandIn() {
  let end: () => void = () => undefined;
  let state: 'INITIALIZED' | 'RUNNING' | 'STOPPED' = 'INITIALIZED';
  return {
    run: async (): Promise<void> => {
      state = 'RUNNING';
      await new Promise<void>((resolve) => (end = resolve));
      state = 'STOPPED';
    },
    shutdown: (): void => end(),
    getState: () => state,
  };
}

/** Records the reasons that were logged as warnings. */
function logger() {
  const reasons: string[] = [];
  const warn = ({ reason }: { readonly reason: string }): void => void reasons.push(reason);
  return { info: () => undefined, warn, reasons };
}

const neverBack = async () => await Promise.reject(new Error('it never was away'));

test('the Docker queue is served once a daemon answers, earlier reasons are logged once, and it stops in order', async () => {
  const stopping = new AbortController();
  const worker = workerStandIn();
  const log = logger();
  let looks = 0;
  const examine = async () => {
    looks += 1;
    if (looks < 4) throw new Error(looks < 3 ? 'no daemon' : 'wrong store');
    return await Promise.resolve({ client: '26.1.5', daemon: '26.1.5' });
  };

  let created = 0;
  const createWorker = async () => {
    created += 1;
    return await Promise.resolve(worker);
  };
  const onReturn = vi.fn<() => Promise<void>>(async () => await Promise.reject(new Error('Temporal is away')));
  const options = { examine, createWorker, onReturn, logger: log, pauseMs: 1 };
  const serving = serveDockerQueue(options, stopping.signal);
  await vi.waitFor(() => expect(worker.getState()).toBe('RUNNING'));
  stopping.abort();
  await serving;

  expect(looks).toBe(4);
  expect(onReturn).toHaveBeenCalledOnce();
  expect(log.reasons).toEqual(['no daemon', 'wrong store', 'Temporal is away']);
  expect(created).toBe(1);
  expect(worker.getState()).toBe('STOPPED');
});

test('without a daemon the Docker queue is not served, and stopping does not wait for a check', async () => {
  const stopping = new AbortController();
  const createWorker = async () => await Promise.reject(new Error('one was made'));
  const examine = async (signal: AbortSignal) => {
    await once(signal, 'abort');
    throw signal.reason;
  };

  const log = logger();
  const serving = serveDockerQueue({ examine, createWorker, onReturn: neverBack, logger: log }, stopping.signal);
  stopping.abort();
  await serving;

  expect(log.reasons).toEqual([]);
});

test('a Docker worker that is created during the shutdown is run and stopped, since it holds the connection', async () => {
  const stopping = new AbortController();
  const worker = workerStandIn();
  const createWorker = async () => {
    stopping.abort();
    return await Promise.resolve(worker);
  };
  const examine = async () => await Promise.resolve({ client: '26.1.5', daemon: '26.1.5' });

  await serveDockerQueue({ examine, createWorker, onReturn: neverBack, logger: logger() }, stopping.signal);

  expect(worker.getState()).toBe('STOPPED');
});
