import { describe, expect, test } from 'vitest';

import { openDatabase } from '../../src/database/ferry-database.js';
import { createStores } from '../../src/database/stores.js';
import type { ImageOutcome, TargetOutcome } from '../../src/domain/wanted-image.js';
import { counted } from './counted-stores.js';
import { pendingAgain } from './plan-reads-suite.js';
import {
  eachWithStores,
  imageRequest,
  notPushed,
  pushed,
  sourceDigest,
  syncImage,
  target,
  targets,
} from './store-fixture.js';
import type { PlaceOf } from './store-fixture.js';

const digest = `sha256:${'d'.repeat(64)}`;
const later = { ...pushed('aliyun', 'x:1'), digest } as TargetOutcome;
const fault = { code: 'tag-missing', reason: 'no such tag', tagMissing: true } as const;

/** What may become of an image; `name` is its part of the name on the targets. */
const outcomes: Readonly<Record<string, (name: string) => Partial<ImageOutcome>>> = {
  pushed: (name) => ({ targets: onBoth(name) }),
  changed: (name) => ({ targets: onBoth(name).map((copy) => ({ ...copy, digest }) as TargetOutcome) }),
  adopted: (name) => ({ targets: onBoth(name).map(adopted), sourceDigest: undefined }),
  halfway: (name) => ({ targets: [...onBoth(name).slice(0, 1), notPushed('private', 'retrying', `${name} is away`)] }),
  blocked: (name) => ({ targets: targets.map((one) => notPushed(one.name, 'blocked', `no access to ${name}`)) }),
  refused: (name) => ({ sourceFault: { ...fault, state: 'blocked', reason: `no ${name}` }, sourceDigest: undefined }),
  missing: () => ({ sourceFault: { ...fault, state: 'waiting' }, sourceDigest: undefined }),
  away: () => ({ sourceFault: { ...fault, state: 'retrying', code: 'unreachable', tagMissing: false } }),
  narrow: (name) => ({ targets: onBoth(name), missingPlatforms: ['linux/arm64'] }),
};

export function bulkOutcomeSuite(placeOf: PlaceOf): void {
  describe('outcomes of many images', () => {
    const use = eachWithStores(placeOf);

    test('outcomes that are recorded together leave the same rows and changes as one by one', async () => {
      const { stores, sql } = use();
      const kinds = [...Object.keys(outcomes), 'withdrawn', 'script'];
      const images = ['single', 'joint'].flatMap((set) => kinds.map((kind) => `ghcr.io/${set}/${kind}:1`));
      await stores.wanted.addWanted(
        images.flatMap((image) => [imageRequest(image), imageRequest(image, 'linux/arm64')]),
      );
      await stores.runs.begin({ id: 'run-2', reasons: [] });
      for (const image of images.filter((name) => /changed|away|halfway/.test(name))) {
        await syncImage(stores, image, { targets: onBoth(image.slice(8)) });
      }
      await sql(`update images_for_push set push_status = 0, ferry_status = 0`);
      for (const image of images.filter((name) => name.includes('withdrawn'))) await stores.actions.remove(image);
      // Another program wrote the name since.
      for (const image of images.filter((name) => name.includes('script'))) {
        await sql(`insert into pushed_images (target_registry_url, orig_image_name, registry_image_name)
          values ('aliyun.example.com', 'x:1', 'aliyun.example.com/mirror/${image.slice(8)}')`);
      }
      const [one = [], many = []] = ['single', 'joint'].map((set) => images.filter((name) => name.includes(set)));
      const recordOf = async (image: string) => {
        const { rows, readAt } = await stores.wanted.wantedRows(image);
        const kind = image.slice(image.lastIndexOf('/') + 1, -2);
        const made = (outcomes[kind] ?? outcomes['pushed'])?.(image.slice(8));
        const ids = rows.map(({ id }) => id);
        const blank = { image, sourceDigest, rows: ids, targets: [], missingPlatforms: [], bytesRead: 7 };
        return { outcome: { ...blank, ...made }, readAt: readAt + 1 };
      };

      const changes = [];
      for (const image of one.toSorted()) {
        const { outcome, readAt } = await recordOf(image);
        changes.push(...(await stores.pushed.recordOutcome(outcome, { targets, run: 'run-2', readAt })));
      }
      const records = await Promise.all(many.toReversed().map(recordOf));
      const together = await stores.pushed.recordOutcomes(records, { targets, run: 'run-2' });

      const same = (found: unknown): unknown => JSON.parse(JSON.stringify(found).replaceAll('joint', 'single'));
      expect(same(together)).toEqual(changes);
      expect(changes.length).toBeGreaterThan(20);
      for (const query of [
        `select image, platform, push_status, ferry_status, source_digest, blocked_code, blocked_reason, note, force_copy,
          case when checked_at is null then 0 else 1 end as checked, case when first_missing_at is null then 0 else 1 end as
          lacking, case when verified_at is null then 0 else 1 end as verified from images_for_push where image like 'SET'
          order by image, platform`,
        `select image, target, state, code, reason, reference, digest, source_digest, attempts, replaced, dropped, verified,
          case when last_pushed_at is null then 0 else 1 end as pushed from image_copies where image like 'SET'
          order by image, target`,
        `select source_registry_url, target_registry_url, orig_name_space, orig_image_name, targ_name_space,
          registry_image_name, push_status, image_size, digest, platform, image, source_digest from pushed_images
          where image like 'SET' order by registry_image_name`,
        `select registry_image_name, pushed_platforms.platform, pushed_platforms.digest, size from pushed_platforms join
          pushed_images on pushed_images.id = pushed_id where image like 'SET' order by registry_image_name`,
        `select image, target, state, code, reason, reference, digest, source_digest, bytes_read, bytes_sent from run_outcomes
          where run = 'run-2' and image like 'SET' order by image, target`,
        `select kind, image, target, from_state, to_state, code, reason from events where run = 'run-2' and image like 'SET' order by id`,
      ]) {
        const singly = await use().rows(query.replace('SET', 'ghcr.io/single/%'));
        expect(singly.length).toBeGreaterThan(9);
        expect(same(await use().rows(query.replace('SET', 'ghcr.io/joint/%')))).toEqual(singly);
      }
    });

    test('200 unchanged images are planned and recorded with less than one statement each, and 20 with less than three', async () => {
      const { stores, statements, transactions } = counted(use());
      const images = await pendingAgain(use(), 200);
      const record = async (some: readonly string[]) => {
        const before = [statements(), transactions()] as const;
        const { wanted, pushed: pushedImages } = await stores.reads.read(some, targets);
        const records = [];
        for (const image of some) {
          const { rows, readAt } = await wanted.wantedRows(image);
          await wanted.imagesSharingTag(image);
          await pushedImages.holdings(image, targets);
          await pushedImages.knownCopies(image);
          const ids = rows.map(({ id }) => id);
          const blank = { image, sourceDigest, rows: ids, targets: onBoth(image.slice(18)) };
          records.push({ outcome: { ...blank, missingPlatforms: [], bytesRead: 0 }, readAt });
        }
        const reading = statements() - before[0];
        await stores.pushed.recordOutcomes(records, { targets, run: 'run-1' });
        return { reading, recording: statements() - before[0] - reading, transactions: transactions() - before[1] };
      };
      await syncImage(stores, 'docker.io/library/first:1', { targets: onBoth('first:1') });
      await use().sql('update images_for_push set requested_at = requested_at - 1000');

      const few = await record(images.slice(0, 20));
      const many = await record(images.slice(20));

      const together = 12;
      expect(few).toEqual({ reading: few.reading, recording: together, transactions: 1 });
      expect(many.recording).toBe(2 * together);
      expect(many.transactions).toBe(2);
      expect(few.reading + few.recording).toBeLessThan(2 * 20);
      expect(many.reading + many.recording).toBeLessThan(180 / 3);
      expect(await use().rows('select count(*) as pushed from images_for_push where push_status = 1')).toEqual([
        { pushed: 200 },
      ]);
      expect(await use().rows('select count(*) as names from pushed_images')).toEqual([{ names: 402 }]);
    });

    test('of two images with one name on a target, and of two outcomes of one image, the later one applies', async () => {
      const { stores, rows } = use();
      const plain = 'docker.io/library/x:1';
      const pinned = `${plain}@${digest}`;
      await stores.wanted.addWanted([imageRequest('x:1'), imageRequest(`x:1@${digest}`)]);
      const outcomeOf = (image: string, copy: TargetOutcome) => {
        const outcome = { image, rows: [], targets: [copy], missingPlatforms: [], bytesRead: 0 };
        return { outcome, readAt: Date.now() };
      };

      const first = outcomeOf(plain, notPushed('aliyun', 'retrying', 'away'));
      const records = [outcomeOf(pinned, later), first, outcomeOf(plain, pushed('aliyun', 'x:1'))];
      const changes = await stores.pushed.recordOutcomes(records, { targets, run: 'run-1' });

      expect(changes.map(({ image, to }) => `${image} ${to}`)).toEqual([
        `${plain} retrying`,
        `${plain} pushed`,
        `${pinned} pushed`,
      ]);
      expect(await rows('select image, digest from pushed_images')).toEqual([{ image: pinned, digest }]);
      expect(await rows('select digest from pushed_platforms')).toHaveLength(1);
    });

    test('an outcome on more targets than one statement takes is recorded', async () => {
      const { stores, rows } = use();
      const many = Array.from({ length: 600 }, (_, number) => target(`t${number}`));
      await stores.wanted.addWanted([imageRequest('x:1')]);
      const copies = many.map(({ name }) => pushed(name, 'x:1'));

      await syncImage(stores, 'docker.io/library/x:1', { targets: copies }, { configured: many });
      await syncImage(stores, 'docker.io/library/x:1', { targets: copies }, { configured: many });

      expect(await rows('select count(*) as names from pushed_images')).toEqual([{ names: 600 }]);
      expect(await rows('select push_status from images_for_push')).toEqual([{ push_status: 1 }]);
    });

    test('workers that record outcomes of the same images at the same time lose none', async () => {
      const { settings, rows } = use();
      const images = await pendingAgain(use(), 150);
      const workers = await Promise.all([1, 2, 3].map(async () => await openDatabase(settings)));
      const records = images.map((image) => {
        const blank = { image, sourceDigest, rows: [], missingPlatforms: [], bytesRead: 0 };
        return { outcome: { ...blank, targets: onBoth(image.slice(18)) }, readAt: 1 };
      });

      await Promise.all(
        workers.map(async (worker, number) => {
          const { pushed: pushedImages } = createStores(worker);
          const run = `run-${number}`;
          await pushedImages.recordOutcomes(records.slice(number * 20), { targets, run });
          await pushedImages.recordOutcomes(records.toReversed(), { targets, run });
          await worker.close();
        }),
      );

      const [first] = await rows(`select min(attempts) as least, max(attempts) as most from image_copies`);
      expect(first).toEqual({ least: 1 + 4, most: 1 + 6 });
      expect(await rows('select count(*) as names from pushed_images')).toEqual([{ names: 300 }]);
      expect(await rows(`select count(*) as outcomes from run_outcomes where target = ''`)).toEqual([
        { outcomes: 3 * 150 },
      ]);
    });

    test('no outcomes need no statement', async () => {
      const { stores, statements, transactions } = counted(use());

      expect(await stores.pushed.recordOutcomes([], { targets, run: 'run-1' })).toEqual([]);
      expect([statements(), transactions()]).toEqual([0, 0]);
    });
  });
}

function onBoth(name: string): readonly TargetOutcome[] {
  return targets.map((one) => ({ ...pushed(one.name, name), recipe: 'linux/amd64 keep' }) as TargetOutcome);
}

function adopted(copy: TargetOutcome): TargetOutcome {
  if (copy.state !== 'pushed') return copy;
  const { target: name, reference } = copy;
  return { target: name, state: 'adopted', reference, digest: copy.digest, note: `${name} keeps it` };
}
