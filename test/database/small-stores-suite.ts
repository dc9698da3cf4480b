import { describe, expect, test } from 'vitest';

import { eachWithStores, imageRequest } from './store-fixture.js';
import type { PlaceOf } from './store-fixture.js';

export function smallStoresSuite(placeOf: PlaceOf): void {
  describe('names, runs, deliveries and blobs', () => {
    const use = eachWithStores(placeOf);

    test('a target repository belongs permanently to the first source repository', async () => {
      const { names } = use().stores;
      const targetRepository = 'aliyun.example.com/mirror/app';
      const claim = { targetRepository, target: 'aliyun' };

      const first = await names.claim({ ...claim, sourceRepository: 'ghcr.io/a/app' });
      const second = await names.claim({ ...claim, sourceRepository: 'ghcr.io/b/app' });
      const again = await names.claim({ ...claim, sourceRepository: 'ghcr.io/a/app' });

      expect([first, second, again]).toEqual(['ghcr.io/a/app', 'ghcr.io/a/app', 'ghcr.io/a/app']);
      expect(await names.ownedBy('ghcr.io/a/app', 'aliyun.example.com')).toEqual([targetRepository]);
      expect(await names.ownedBy('ghcr.io/b/app', 'aliyun.example.com')).toEqual([]);
    });

    test('names that differ in upper and lower case are different names', async () => {
      const { names } = use().stores;

      const lower = await names.claim({ targetRepository: 'h/a', sourceRepository: 'x', target: 't' });
      const upper = await names.claim({ targetRepository: 'h/A', sourceRepository: 'y', target: 't' });

      expect([lower, upper]).toEqual(['x', 'y']);
    });

    test('a run that is started twice keeps its first start time', async () => {
      const { runs, status } = use().stores;

      const first = await runs.begin({ id: 'run/1', reasons: ['schedule'] });
      const second = await runs.begin({ id: 'run/1', reasons: ['again'] });
      await runs.finish({ id: 'run/1', summary: { pushed: 3 } });

      expect(second).toEqual(first);
      expect(await status.run('run/1')).toMatchObject({ reasons: ['schedule'], summary: { pushed: 3 } });
    });

    test('a delivery is recorded for its first owner, and only that owner can repeat it', async () => {
      const { deliveries } = use().stores;
      const record = async (id: string, owner: string) =>
        (await deliveries.record({ id, owner }, [imageRequest('nginx:1')]))?.[0];

      const answers = [
        await record('delivery-1', 'workflow-a'),
        await record('delivery-1', 'workflow-b'),
        await record('delivery-1', 'workflow-a'),
        await record('delivery-2', 'workflow-b'),
      ];

      expect(answers.map((answer) => answer?.outcome)).toEqual([
        'added',
        undefined,
        'already-pending',
        'already-pending',
      ]);
    });

    test('a delivery whose first attempt failed has no owner, and a redelivery records its rows', async () => {
      const { stores, rows } = use();
      const { deliveries } = stores;
      const tooLong = imageRequest(
        `${Array.from({ length: 4 }, () => 'd'.repeat(60)).join('.')}.io/${'a/'.repeat(120)}a:${'t'.repeat(120)}`,
      );
      const delivery = { id: 'delivery-1', owner: 'workflow-a' };

      const retrying = deliveries.record(delivery, [imageRequest('nginx:1'), tooLong]);
      await expect(retrying).rejects.toThrow('the limit is 600');
      const retried = await deliveries.record({ ...delivery, owner: 'workflow-b' }, [imageRequest('nginx:1')]);

      expect(retried).toMatchObject([{ outcome: 'added' }]);
      expect(await rows('select image from images_for_push')).toHaveLength(1);
    });

    test('IDs of deliveries may have any length', async () => {
      const { deliveries } = use().stores;
      const long = 'x'.repeat(10_000);

      expect(await deliveries.record({ id: `${long}1`, owner: 'a' }, [])).toEqual([]);
      expect(await deliveries.record({ id: `${long}2`, owner: 'b' }, [])).toEqual([]);
      expect(await deliveries.record({ id: `${long}1`, owner: 'b' }, [])).toBeUndefined();
    });

    test('a blob location is known only for its registry', async () => {
      const { blobs } = use().stores;
      const digests = Array.from({ length: 450 }, (_, number) => `sha256:${number.toString(16).padStart(64, '0')}`);
      const [one = '', two = ''] = digests;
      await blobs.record('a.example.com', 'mirror/x', digests);
      await blobs.record('a.example.com', 'mirror/y', [one, one]);
      await blobs.record('a.example.com', 'mirror/y', [one]);
      await blobs.record('b.example.com', 'mirror/z', [two]);

      const known = await blobs.known('a.example.com', [...digests, 'sha256:unknown']);

      expect(known.size).toBe(450);
      expect([...(known.get(one) ?? [])].sort()).toEqual(['mirror/x', 'mirror/y']);
      expect(known.get(two)).toEqual(['mirror/x']);
    });

    test('only a few locations of a blob are returned', async () => {
      const { blobs } = use().stores;
      for (let number = 0; number < 8; number += 1) await blobs.record('a', `mirror/x${number}`, ['sha256:1']);

      const known = await blobs.known('a', ['sha256:1']);

      expect(known.get('sha256:1')).toHaveLength(5);
    });
  });
}
