import { randomBytes } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { placeImage } from '../../../test/support/scripted-images.js';
import { answer } from '../../../test/support/scripted-registry.js';
import { clientFor, repository, requestFor, sourceAndTarget } from '../../../test/support/scripted-set-up.js';
import { HostLane } from '../src/blobs/host-lane.js';
import type { CopySlots } from '../src/blobs/host-lane.js';
import { TransferQueue } from '../src/blobs/transfer-queue.js';
import { copyImage } from '../src/copy-image.js';

const large = 50_000_000;
const small = 20_000;

/** Transfers that begin when the queue lets them, and end when the test says so. */
class Transfers {
  readonly queue: TransferQueue;
  readonly started: string[] = [];
  readonly #leave = new Map<string, () => void>();

  constructor(most = 32) {
    this.queue = new TransferQueue(most);
  }

  async add(
    name: string,
    lanes: readonly HostLane[],
    { copy = copyOf(), size = large, signal = new AbortController().signal } = {},
  ): Promise<unknown> {
    const acquired = this.queue.acquire({ copy, size, lanes, signal }).then(
      (leave) => {
        this.started.push(name);
        this.#leave.set(name, leave);
      },
      (error: unknown) => error,
    );
    await settled();
    return acquired;
  }

  async end(...names: readonly string[]): Promise<void> {
    await settled();
    for (const name of names) this.#leave.get(name)?.();
    await settled();
  }
}

function copyOf(most = Infinity): CopySlots {
  return { most, inFlight: 0 };
}

/** Lets those that got a slot go on. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('slots for transfers', () => {
  test('the largest blob of a copy is next', async () => {
    const transfers = new Transfers();
    const lanes = [new HostLane(1)];
    const copy = copyOf();
    void transfers.add('first', lanes, { copy });
    for (const size of [20, 40, 30]) void transfers.add(`${size}`, lanes, { copy, size: size * 1_000_000 });

    await transfers.end('first');
    await transfers.end('40');
    await transfers.end('30');

    expect(transfers.started).toEqual(['first', '40', '30', '20']);
  });

  test('a copy that has nothing in flight is before one that has, and the older copy before the newer', async () => {
    const transfers = new Transfers();
    const lanes = [new HostLane(2)];
    const [first, second, third] = [copyOf(), copyOf(), copyOf()];
    for (const name of ['a1', 'a2', 'a3']) void transfers.add(name, lanes, { copy: first });
    void transfers.add('b1', lanes, { copy: second });
    void transfers.add('c1', lanes, { copy: third, size: 2 * large });

    await transfers.end('a1');
    await transfers.end('a2');
    await transfers.end('b1');

    expect(transfers.started).toEqual(['a1', 'a2', 'b1', 'a3', 'c1']);
  });

  test('an image that comes later does not wait for a large one that has filled all slots', async () => {
    const transfers = new Transfers();
    const lanes = [new HostLane(undefined)];
    const big = copyOf();
    for (const name of ['1', '2', '3', '4', '5']) void transfers.add(name, lanes, { copy: big });

    void transfers.add('of another image', lanes);
    await settled();

    expect(transfers.started).toEqual(['1', '2', '3', 'of another image']);
  });

  test('small blobs have slots of their own, up to a limit', async () => {
    const transfers = new Transfers();
    const lanes = [new HostLane(undefined)];
    const copy = copyOf();
    for (let n = 0; n < 10; n++) void transfers.add('large', lanes, { copy });
    for (let n = 0; n < 40; n++) void transfers.add('small', lanes, { copy, size: small });
    await settled();

    expect(transfers.started.filter((name) => name === 'large')).toHaveLength(3);
    expect(transfers.started.filter((name) => name === 'small')).toHaveLength(32);
  });

  test("the user's cap counts small and large blobs together", async () => {
    const transfers = new Transfers();
    const lanes = [new HostLane(2)];
    void transfers.add('large', lanes);
    void transfers.add('small', lanes, { size: small });
    void transfers.add('another small', lanes, { size: small });
    await settled();

    expect(transfers.started).toEqual(['large', 'small']);
  });

  test('a transfer needs a slot at each host, takes them together, and keeps none while it waits', async () => {
    const transfers = new Transfers();
    const [source, one, other] = [new HostLane(2), new HostLane(1), new HostLane(1)];
    void transfers.add('to one', [source, one]);
    void transfers.add('to both', [source, one, other]);
    await settled();
    expect(transfers.started).toEqual(['to one']);

    void transfers.add('from elsewhere to the other', [new HostLane(1), other]);
    await settled();
    // `to both` is before it, and would wait for ever if others came again and again.
    expect(transfers.started).toEqual(['to one']);

    await transfers.end('to one');
    await transfers.end('to both');
    expect(transfers.started).toEqual(['to one', 'to both', 'from elsewhere to the other']);
  });

  test('transfers in opposite directions through full hosts do not block each other', async () => {
    const transfers = new Transfers();
    const [left, right] = [new HostLane(1), new HostLane(1)];
    for (let n = 0; n < 10; n++) {
      void transfers.add(`${n}`, n % 2 === 0 ? [left, right] : [right, left]);
    }
    for (let n = 0; n < 10; n++) await transfers.end(`${n}`);

    expect(transfers.started).toHaveLength(10);
  });

  test('two targets on one host need one slot there', async () => {
    const transfers = new Transfers();
    const host = new HostLane(1);
    void transfers.add('to both', [new HostLane(1), host, host]);
    await settled();

    expect(transfers.started).toEqual(['to both']);
  });

  test('an aborted transfer frees its place in the queue, and a slot that is freed twice counts once', async () => {
    const transfers = new Transfers();
    const lanes = [new HostLane(1)];
    const abort = new AbortController();
    void transfers.add('first', lanes);
    const aborted = transfers.add('aborted', lanes, { signal: abort.signal });
    void transfers.add('patient', lanes);
    void transfers.add('last', lanes);

    abort.abort(new Error('no longer'));
    await transfers.end('first', 'first');

    await expect(aborted).resolves.toEqual(new Error('no longer'));
    expect(transfers.started).toEqual(['first', 'patient']);
  });

  test('large blobs are limited over all hosts, small ones are not', async () => {
    const transfers = new Transfers(2);
    for (const name of ['1', '2', '3']) void transfers.add(name, [new HostLane(undefined)]);
    void transfers.add('small', [new HostLane(undefined)], { size: small });
    await settled();

    expect(transfers.started).toEqual(['1', '2', 'small']);
  });
});

describe('copies', () => {
  test('in opposite directions between two registries with one slot each both end', async () => {
    const [one, other] = await sourceAndTarget();
    for (const registry of [one, other]) {
      placeImage(registry, repository, { layers: Array.from({ length: 6 }, () => randomBytes(20_000)) });
    }
    const hosts = new Map([one, other].map(({ host }) => [host, { concurrentBlobs: 1 }]));
    const client = clientFor([], { hosts });

    const reports = await Promise.all([
      copyImage(client, requestFor(one, [other])),
      copyImage(client, requestFor(other, [one])),
    ]);

    expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
  });

  test.each([429, 503])('have fewer blobs in flight at a target that answers %d', async (status) => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [randomBytes(20_000)] });
    target.when('POST', /uploads/, ({ response }) => answer(response, status), 1);
    const client = clientFor([source, target]);

    const report = await copyImage(client, requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect([client.host(source.host).lanes.source.limit, client.host(target.host).lanes.target.limit]).toEqual([3, 1]);
  });

  test('an image with large blobs in flight does not keep one with small blobs from its target', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { tag: 'large', layers: Array.from({ length: 8 }, () => randomBytes(2_000_000)) });
    placeImage(source, repository, { layers: [randomBytes(20_000)] });
    const client = clientFor([source, target]);
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    target.when(
      'PATCH',
      /uploads/,
      async ({ request, ordinary }) => {
        if (Number(request.headers['content-length']) > 1_000_000) await held;
        await ordinary();
      },
      99,
    );
    const abort = new AbortController();

    const large = requestFor(source, [target]);
    const copying = copyImage(
      client,
      { ...large, source: { ...large.source, tag: 'large' } },
      { signal: abort.signal },
    );
    const { failures } = await copyImage(client, requestFor(source, [target]));
    release();

    expect(failures).toEqual([]);
    await expect(copying).resolves.toMatchObject({ failures: [] });
  });
});
