import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { imageRequest } from '../../database/store-fixture.js';
import { emptyConsole } from '../../support/empty-console.js';
import { apiToken, startConsoleStage } from './console-stage.js';
import type { ConsoleStage } from './console-stage.js';

interface ServerEvent {
  readonly event: string;
  readonly id: string;
  readonly data: { readonly image?: string; readonly phase?: string };
}

let stage: ConsoleStage;
let asked = 0;
let phase: 'copying' | undefined;

beforeEach(async () => {
  asked = 0;
  phase = undefined;
  const work: typeof emptyConsole.work = {
    ...emptyConsole.work,
    async progress() {
      asked += 1;
      const counts = { queued: 1, inFlight: 1, images: 2, pushed: 1, waiting: 0, retrying: 0, blocked: 0 };
      return phase === undefined ? undefined : { phase, at: 1, ...counts, working: [], transfers: [] };
    },
  };
  stage = await startConsoleStage({ console: { work } });
});
afterEach(async () => await stage.clear());

const add = async (name: string): Promise<unknown> => await stage.stores.wanted.addWanted([imageRequest(name)]);

/** Reads a stream as browsers do, and reconnects nothing. */
class Client {
  readonly events: ServerEvent[] = [];
  readonly #abort = new AbortController();
  ended: Promise<void> = Promise.resolve();
  headers = new Headers();

  async open(lastEventId?: string): Promise<this> {
    const response = await fetch(`${stage.server.url}/api/v1/events`, {
      signal: this.#abort.signal,
      headers: {
        authorization: `Bearer ${apiToken}`,
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
    });
    this.headers = response.headers;
    this.ended = this.#read(response).catch(() => undefined);
    return this;
  }

  close(): void {
    this.#abort.abort();
  }

  /** Waits until there are this many events of a kind. */
  async has(event: string, count: number): Promise<readonly ServerEvent[]> {
    for (let left = 100; left > 0; left -= 1) {
      const found = this.events.filter((one) => one.event === event);
      if (found.length >= count) return found;
      await delay(50);
    }
    throw new Error(`${count} events "${event}" expected, got ${JSON.stringify(this.events)}`);
  }

  async #read(response: Response): Promise<void> {
    let text = '';
    for await (const piece of response.body ?? []) {
      text += new TextDecoder().decode(piece);
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const fields = new Map(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2) as [string, string]));
        if (!fields.has('event')) continue;
        const data = JSON.parse(fields.get('data') ?? '{}') as ServerEvent['data'];
        this.events.push({ event: fields.get('event') ?? '', id: fields.get('id') ?? '', data });
      }
    }
  }
}

test('a state change reaches every listener within a second, unbuffered by proxies', async () => {
  const one = await new Client().open();
  const other = await new Client().open();
  await one.has('ready', 1);
  await other.has('ready', 1);
  const began = performance.now();
  await add('nginx:1.27');
  const [change] = await one.has('state', 1);
  const ms = performance.now() - began;
  await other.has('state', 1);
  one.close();
  other.close();

  expect(change?.data).toMatchObject({ image: 'docker.io/library/nginx:1.27', kind: 'added', to: 'pending' });
  expect(ms).toBeLessThan(1_000);
  expect(one.headers.get('content-type')).toBe('text/event-stream');
  expect(one.headers.get('x-accel-buffering')).toBe('no');
});

test('a client that was away while the server restarted gets every change once, in order', async () => {
  const first = await new Client().open();
  await first.has('ready', 1);
  await add('one:1');
  const [seen] = await first.has('state', 1);
  await stage.restart();
  await first.ended;
  for (const name of ['two:1', 'three:1']) await add(name);
  const second = await new Client().open(seen?.id);
  await second.has('ready', 1);
  await add('four:1');
  const changes = await second.has('state', 3);
  second.close();
  const recorded = await stage.stores.status.events(0);

  expect(changes.map(({ data }) => data.image)).toEqual(
    ['two', 'three', 'four'].map((name) => `docker.io/library/${name}:1`),
  );
  expect([seen, ...changes].map((event) => Number(event?.id))).toEqual(recorded.map(({ id }) => id));
});

test('a client without a change continues after the place at which it began', async () => {
  await add('before:1');
  const first = await new Client().open();
  const [ready] = await first.has('ready', 1);
  first.close();
  await first.ended;
  await add('between:1');
  const second = await new Client().open(ready?.id);
  const [change] = await second.has('state', 1);
  second.close();

  expect(first.events.filter(({ event }) => event === 'state')).toEqual([]);
  expect(change?.data.image).toBe('docker.io/library/between:1');
});

test('an ID of another database counts as the newest', async () => {
  const client = await new Client().open('999999');
  await client.has('ready', 1);
  await add('new:1');
  const [change] = await client.has('state', 1);
  client.close();

  expect(change?.data.image).toBe('docker.io/library/new:1');
});

test('progress is asked once for all listeners, and only while there are any', async () => {
  phase = 'copying';
  const clients = [await new Client().open(), await new Client().open(), await new Client().open()];
  for (const client of clients) await client.has('progress', 2);
  const whileListening = asked;
  for (const client of clients) client.close();
  await Promise.all(clients.map(async (client) => await client.ended));
  await delay(100);
  const after = asked;
  await delay(1_200);

  expect(clients[0]?.events.find(({ event }) => event === 'progress')?.data.phase).toBe('copying');
  expect(whileListening).toBeLessThanOrEqual(4);
  expect(asked).toBe(after);
});
