import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { serve } from '../../src/server.js';
import type { RunningServer } from '../../src/server.js';

const answer = () => new Response('here');

describe('where the server listens', () => {
  const taken = createServer();
  let port: number;
  let server: RunningServer | undefined;

  beforeEach(async () => {
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    port = (taken.address() as AddressInfo).port;
  });
  afterEach(async () => {
    await server?.stop();
    server = undefined;
    taken.close();
    await once(taken, 'close');
  });

  test('the server takes another port when the default one is in use', async () => {
    server = await serve(answer, { host: '127.0.0.1', port, isChosen: false }, { mayMove: true });

    expect(server.address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(server.address).not.toBe(`127.0.0.1:${port}`);
    expect(await (await fetch(`http://${server.address}`)).text()).toBe('here');
  });

  test.each([
    ['that the user chose', { isChosen: true, mayMove: true }],
    ['in production', { isChosen: false, mayMove: false }],
  ])('an address in use is an error that says what to do: %s', async (_what, { isChosen, mayMove }) => {
    const starting = serve(answer, { host: '127.0.0.1', port, isChosen }, { mayMove });

    await expect(starting).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('FERRY_LISTEN') as string,
    });
  });

  test('stopping the server completes a response in flight', async () => {
    let finish: () => void = () => undefined;
    let asked: () => void = () => undefined;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    const slow = async (): Promise<Response> => {
      asked();
      await new Promise<void>((resolve) => (finish = resolve));
      return new Response('finished');
    };
    const running = await serve(slow, { host: '127.0.0.1', port: 0, isChosen: true }, { mayMove: false });

    const response = fetch(`http://${running.address}`);
    await isAsked;
    const stopped = running.stop();
    finish();
    const text = await (await response).text();
    await stopped;

    expect(text).toBe('finished');
    await expect(fetch(`http://${running.address}`)).rejects.toThrow('fetch failed');
  });
});
