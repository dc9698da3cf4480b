import { expect, test } from 'vitest';

import { runTogether } from '../../src/composition/run-together.js';

test('runTogether stops all runs when one fails, and throws its error once the last has ended', async () => {
  const ended: string[] = [];
  let stop: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const lasting = async (name: string): Promise<void> => {
    await stopped;
    // Draining takes a while.
    await new Promise((resolve) => setImmediate(resolve));
    ended.push(name);
  };
  const failing = async (): Promise<void> => await Promise.reject(new Error('no connection'));

  const running = runTogether([async () => await lasting('one'), failing, async () => await lasting('other')], stop);

  await expect(running).rejects.toThrow('no connection');
  expect(ended).toEqual(['one', 'other']);
});

test('runTogether stops all runs when one ends', async () => {
  let stops = 0;

  await runTogether([async () => await Promise.resolve(), async () => await Promise.resolve()], () => {
    stops += 1;
  });

  expect(stops).toBe(2);
});
