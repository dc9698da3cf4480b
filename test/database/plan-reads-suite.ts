import { describe, expect, test } from 'vitest';

import type { PlanReads } from '../../src/database/plan-reads-store.js';
import { beforeFirstRow } from '../../src/domain/wanted-image.js';
import type { TargetOutcome } from '../../src/domain/wanted-image.js';
import { counted } from './counted-stores.js';
import { eachWithStores, imageRequest, notPushed, pushed, sourceDigest, syncImage, targets } from './store-fixture.js';
import type { Fixture, PlaceOf } from './store-fixture.js';

const library = 'docker.io/library';
const digest = `sha256:${'e'.repeat(64)}`;
const recipe = 'linux/amd64 keep';

/** The plans of many images read the database once. */
export function planReadsSuite(placeOf: PlaceOf): void {
  describe('rows that are read for many plans', () => {
    const use = eachWithStores(placeOf);

    test('a plan learns of each of many images what the database says of it alone', async () => {
      const { stores, sql } = use();
      const names = ['again:1', 'asked:1', 'forced:1', 'half:1', 'new:1', 'tagged:1', `tagged:1@${digest}`, 'gone:1'];
      const images = [...names.map((name) => `${library}/${name}`), 'ghcr.io/org/script:1', 'ghcr.io/org/part:1'];
      await stores.wanted.addWanted([
        ...images.map((image) => imageRequest(image)),
        imageRequest('half:1', 'linux/arm64'),
        { ...imageRequest('new:1', 'linux/arm64'), targets: ['private'] },
      ]);
      for (const name of ['again:1', 'asked:1', 'forced:1', 'half:1'])
        await syncImage(stores, `${library}/${name}`, { targets: copiesOf(name) });
      await syncImage(stores, `${library}/new:1`, { targets: [notPushed('aliyun', 'retrying', 'away')] });
      await sql('update images_for_push set push_status = 0, ferry_status = 0');
      await stores.actions.remove(`${library}/gone:1`);
      await stores.wanted.addWanted([imageRequest('asked:1')]);
      await sql(`update images_for_push set force_copy = 1, requested_at = requested_at + 60000
        where image = '${library}/forced:1'`);
      await sql(
        `update images_for_push set push_status = 1 where image = '${library}/half:1' and platform = 'linux/arm64'`,
      );
      await sql(`insert into pushed_images (source_registry_url, target_registry_url, orig_name_space, orig_image_name,
        registry_image_name, platform, digest, push_status) values ${targets
          .flatMap(({ registry }) =>
            ['script:1', ...(registry.startsWith('a') ? ['part:1'] : [])].map((name) => [registry, name]),
          )
          .map(
            ([registry, name]) =>
              `('ghcr.io', '${registry}', 'org', '${name}', '${registry}/mirror/${name}', 'linux/amd64', '${digest}', 1)`,
          )
          .join(', ')}`);
      await stores.wanted.normalizeRows();

      const reads = await stores.reads.read(images, targets);

      for (const image of images) {
        expect({ image, told: await told(reads, image) }).toEqual({ image, told: await told(stores, image) });
      }
      expect((await told(reads, 'ghcr.io/org/script:1')).candidates).toHaveLength(1);
      expect((await told(reads, 'ghcr.io/org/part:1')).candidates).toEqual([]);
      expect((await told(reads, `${library}/again:1`)).known).toEqual(['aliyun', 'private']);
      expect((await told(reads, `${library}/forced:1`)).known).toEqual([]);
      expect((await told(reads, `${library}/tagged:1@${digest}`)).sharing).toHaveLength(2);
    });

    test('200 images are read in as many statements as 20, and an unchanged one asks nothing else', async () => {
      const { stores, statements } = counted(use());
      const images = await pendingAgain(use(), 200);

      const before = statements();
      await stores.reads.read(images.slice(0, 20), targets);
      const forFew = statements() - before;
      const reads = await stores.reads.read(images, targets);
      const forMany = statements() - before - forFew;
      for (const image of images) await told(reads, image);
      const all = statements() - before - forFew;

      // Tags are looked for in ranges of an index, 100 together.
      expect(forMany).toBe(forFew + 1);
      expect(forFew).toBeLessThanOrEqual(10);
      expect(all).toBe(forMany);
    });

    test('a row that another program changed to another image is not read as the old one', async () => {
      const { stores, sql, rows } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1'), imageRequest('redis:7')]);
      await sql(`update images_for_push set orig_image_name = 'nginx:2' where orig_image_name = 'nginx:1'`);

      const reads = await stores.reads.read([`${library}/nginx:1`, `${library}/redis:7`], targets);

      expect((await reads.wanted.wantedRows(`${library}/nginx:1`)).rows).toEqual([]);
      expect((await reads.wanted.wantedRows(`${library}/redis:7`)).rows).toHaveLength(1);
      expect(await rows('select image_key from images_for_push where image is null')).toEqual([{ image_key: null }]);
    });

    test('a request that arrives after the rows were read counts as later', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1')]);
      const image = `${library}/nginx:1`;
      const { readAt } = await (await stores.reads.read([image], targets)).wanted.wantedRows(image);
      await expect.poll(async () => (await stores.wanted.wantedRows('none')).readAt).toBeGreaterThan(readAt);
      await stores.wanted.addWanted([imageRequest('nginx:1')]);

      const outcome = { image, rows: [1], targets: copiesOf('nginx:1'), missingPlatforms: [], bytesRead: 0 };
      await stores.pushed.recordOutcome(outcome, { targets, run: 'run-1', readAt });

      expect((await stores.wanted.wantedRows(image)).rows).toMatchObject([{ status: 0 }]);
    });

    test('a name that one plan claims is known to the next one', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1'), imageRequest('nginx:2')]);
      const { names } = await stores.reads.read([`${library}/nginx:1`, `${library}/nginx:2`], targets);
      const claim = { targetRepository: 'aliyun.example.com/mirror/nginx', sourceRepository: `${library}/nginx` };

      const before = await names.ownedBy(`${library}/nginx`, 'aliyun.example.com');
      await names.claim({ ...claim, target: 'aliyun' });
      const first = await names.ownedBy(`${library}/nginx`, 'aliyun.example.com');
      await names.claim({ ...claim, targetRepository: 'aliyun.example.com/other/nginx', target: 'aliyun' });

      expect([before, first]).toEqual([[], [claim.targetRepository]]);
      expect(await names.ownedBy(`${library}/nginx`, 'aliyun.example.com')).toHaveLength(2);
    });

    test('rows of an image that a plan has written are read again', async () => {
      const { stores } = use();
      const [image = '', other = ''] = await pendingAgain(use(), 2);
      const { wanted, pushed: pushedImages } = await stores.reads.read([image, other], targets);
      const rowOf = async (name: string) => (await wanted.wantedRows(name)).rows[0];

      const was = { image, platform: 'linux/amd64', selection: 'all', was: 0, isThere: true } as const;
      const copies = [{ target: 'aliyun', reference: 'aliyun.example.com/mirror/a:1', digest }];
      await pushedImages.recordTakenOver([{ ...was, rowId: (await rowOf(image))?.id ?? 0, copies }]);

      expect(await rowOf(image)).toMatchObject({ status: 1 });
      expect(await rowOf(other)).toMatchObject({ status: 0 });
    });

    test('what many plans take over at the same time is recorded in few transactions', async () => {
      const { stores, transactions } = counted(use());
      const images = await pendingAgain(use(), 50);
      const reads = await stores.reads.read(images, targets);
      const before = transactions();

      await Promise.all(
        images.map(async (image) => {
          const { rows } = await reads.wanted.wantedRows(image);
          const copies = [{ target: 'aliyun', reference: `aliyun.example.com/mirror/${image}`, digest }];
          const found = { image, platform: 'linux/amd64', selection: 'all', was: 0, isThere: true, copies } as const;
          await reads.pushed.recordTakenOver(rows.map(({ id }) => ({ ...found, rowId: id })));
        }),
      );

      expect(transactions() - before).toBeLessThanOrEqual(2);
      expect(await use().rows('select count(*) as pushed from images_for_push where push_status = 1')).toEqual([
        { pushed: 50 },
      ]);
    });
  });
}

/** Everything that a plan reads of an image. */
async function told({ wanted, names, pushed: pushedImages }: PlanReads, image: string) {
  const repository = image.slice(0, image.lastIndexOf(':', image.includes('@') ? image.indexOf('@') : undefined));
  return {
    rows: (await wanted.wantedRows(image)).rows,
    sharing: await wanted.imagesSharingTag(image),
    holdings: await pushedImages.holdings(image, targets),
    onOne: await pushedImages.holdings(image, targets.slice(1)),
    known: [...(await pushedImages.knownCopies(image)).keys()].sort(),
    candidates: await pushedImages.adoptionCandidates({ targets, after: beforeFirstRow, limit: 5, image }),
    owned: await names.ownedBy(repository, 'aliyun.example.com'),
  };
}

function copiesOf(name: string): readonly TargetOutcome[] {
  return targets.map((target) => ({ ...pushed(target.name, name), recipe }) as TargetOutcome);
}

/** Images that the ferry pushed and that are pending again. @returns them, by row */
export async function pendingAgain({ database, stores, sql }: Fixture, count: number): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, number) => `app-${number}:1`);
  await stores.wanted.addWanted(names.map((name) => imageRequest(name)));
  const blank = { sourceDigest, rows: [], missingPlatforms: [], bytesRead: 0 };
  const records = names.map((name) => {
    return { outcome: { ...blank, image: `${library}/${name}`, targets: copiesOf(name) }, readAt: 0 };
  });
  await stores.pushed.recordOutcomes(records, { targets, run: 'run-0' });
  const claims = names.flatMap((name) => {
    const repository = name.slice(0, name.indexOf(':'));
    return targets.map(({ registry }) => ({
      target_repository: `${registry}/mirror/${repository}`,
      target_registry: registry,
      source_repository: `${library}/${repository}`,
      claimed_at: 1,
    }));
  });
  await database.dialect.insertAbsent(database.queries, 'target_names', claims, ['target_repository']);
  await sql('update images_for_push set push_status = 0, ferry_status = 0');
  return names.map((name) => `${library}/${name}`);
}
