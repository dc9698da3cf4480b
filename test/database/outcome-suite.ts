import { describe, expect, test } from 'vitest';

import type { TargetOutcome } from '../../src/domain/wanted-image.js';
import {
  eachWithStores,
  imageRequest,
  notPushed,
  pendingIn,
  pushed,
  sourceDigest,
  syncImage,
  target,
  targets,
} from './store-fixture.js';
import type { Fixture, PlaceOf } from './store-fixture.js';

const nginx = 'docker.io/library/nginx:1.27';
const both = [pushed('aliyun', 'nginx:1.27'), pushed('private', 'nginx:1.27')];

export function outcomeSuite(placeOf: PlaceOf): void {
  describe('outcomes', () => {
    const use = eachWithStores(placeOf);
    const statuses = async ({ rows }: Fixture): Promise<unknown[]> =>
      (await rows('select push_status from images_for_push order by id')).map((row) => row['push_status']);

    test('an image that every target has is pushed', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);

      await syncImage(stores, nginx, { targets: both });

      expect(await rows('select push_status, source_digest, blocked_code from images_for_push')).toEqual([
        { push_status: 1, source_digest: sourceDigest, blocked_code: null },
      ]);
      expect(await rows('select target, state, attempts, digest from image_copies order by target')).toEqual([
        { target: 'aliyun', state: 'pushed', attempts: 1, digest: `sha256:${'a'.repeat(64)}` },
        { target: 'private', state: 'pushed', attempts: 1, digest: `sha256:${'a'.repeat(64)}` },
      ]);
    });

    test('a verified copy is reused by its recipe until its digest changes', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      const theirs = pushed('private', 'nginx:1.27');
      const made = { ...pushed('aliyun', 'nginx:1.27'), recipe: 'linux/amd64 keep' } as TargetOutcome;

      await syncImage(stores, nginx, { targets: [made, theirs], missingPlatforms: ['linux/s390x'] });
      const known = await stores.pushed.knownCopies(nginx);
      await syncImage(stores, nginx, { targets: [notPushed('aliyun', 'retrying', 'away'), theirs] });
      const stillKnown = await stores.pushed.knownCopies(nginx);
      await syncImage(stores, nginx, { targets: both });

      expect([...known]).toEqual([
        [
          'aliyun',
          {
            recipe: 'linux/amd64 keep',
            sourceDigest,
            digest: `sha256:${'a'.repeat(64)}`,
            mediaType: 'application/vnd.oci.image.index.v1+json',
            platforms: [{ platform: 'linux/amd64', digest: `sha256:${'0'.repeat(64)}`, size: 50 * 1024 * 1024 }],
            missingPlatforms: ['linux/s390x'],
            dropped: [],
          },
        ],
      ]);
      expect(stillKnown).toEqual(known);
      expect((await stores.pushed.knownCopies(nginx)).size).toBe(0);
    });

    test('the note of a copy is shown with it, and reported again by the run that reuses it', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      const note = 'its config declares no platform: it is copied unchanged';
      const made = { ...pushed('aliyun', 'nginx:1.27'), recipe: 'linux/amd64 keep', note } as TargetOutcome;

      await syncImage(stores, nginx, { targets: [made] });

      expect((await stores.pushed.knownCopies(nginx)).get('aliyun')).toMatchObject({ note });
      const { copies } = await stores.status.status(nginx);
      expect(copies.find(({ target }) => target === 'aliyun')).toMatchObject({ state: 'pushed', reason: note });
    });

    test('after a forced retry only later copies are reused', async () => {
      const { stores, sql } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      const made = { ...pushed('aliyun', 'nginx:1.27'), recipe: 'linux/amd64 keep' } as TargetOutcome;
      const away = notPushed('private', 'retrying', 'away');
      const known = async () => [...(await stores.pushed.knownCopies(nginx)).keys()];
      const ask = async () => {
        await stores.actions.retry(nginx);
        // Not in the millisecond of what comes next.
        await sql('update images_for_push set requested_at = requested_at - 10');
      };
      await syncImage(stores, nginx, { targets: [made, pushed('private', 'nginx:1.27')] });
      await sql('update image_copies set last_pushed_at = last_pushed_at - 1000');

      await ask();
      const asked = await known();
      await syncImage(stores, nginx, { targets: [made, away] });
      const served = await known();
      const meanwhile = async () => {
        await stores.actions.retry(nginx);
        await sql('update images_for_push set requested_at = requested_at + 10');
      };
      await syncImage(stores, nginx, { targets: [made, away] }, { meanwhile });
      // Begun before, it ended after the request.
      await sql('update image_copies set last_pushed_at = last_pushed_at + 1000');

      expect([asked, served, await known()]).toEqual([[], ['aliyun'], []]);
    });

    test('a copy is written in the form that readers of the older scripts expect', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([
        imageRequest('ghcr.io/org/team/app:1'),
        imageRequest('ghcr.io/org/team/app:1', 'linux/arm64'),
      ]);
      const copy = pushed('aliyun', 'app:1', ['linux/amd64', 'linux/arm64']);

      await syncImage(stores, 'ghcr.io/org/team/app:1', { targets: [copy] }, { configured: [target('aliyun')] });

      expect(await rows('select * from pushed_images')).toMatchObject([
        {
          source_registry_url: 'ghcr.io',
          target_registry_url: 'aliyun.example.com',
          orig_name_space: 'org',
          orig_image_name: 'team/app:1',
          targ_name_space: 'mirror',
          registry_image_name: 'aliyun.example.com/mirror/app:1',
          push_status: 1,
          image_size: '100.00',
          digest: `sha256:${'a'.repeat(64)}`,
          platform: 'linux/amd64,linux/arm64',
          source_digest: sourceDigest,
        },
      ]);
      expect(await rows('select platform, digest, size from pushed_platforms order by platform')).toEqual([
        { platform: 'linux/amd64', digest: `sha256:${'0'.repeat(64)}`, size: 50 * 1024 * 1024 },
        { platform: 'linux/arm64', digest: `sha256:${'1'.repeat(64)}`, size: 50 * 1024 * 1024 },
      ]);
    });

    test('a name that is pushed again stays one row with its current digest', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      await syncImage(stores, nginx, { targets: [pushed('aliyun', 'nginx:1.27', ['linux/amd64', 'linux/arm64'])] });

      const digest = `sha256:${'d'.repeat(64)}`;
      await syncImage(stores, nginx, { targets: [{ ...pushed('aliyun', 'nginx:1.27'), digest } as (typeof both)[0]] });

      expect(await rows('select digest, platform from pushed_images')).toEqual([{ digest, platform: 'linux/amd64' }]);
      expect(await rows('select platform from pushed_platforms')).toEqual([{ platform: 'linux/amd64' }]);
    });

    test('tags that differ in upper and lower case are two names', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([imageRequest('nginx:V1'), imageRequest('nginx:v1')]);

      await syncImage(stores, 'docker.io/library/nginx:V1', { targets: [pushed('aliyun', 'nginx:V1')] });
      await syncImage(stores, 'docker.io/library/nginx:v1', { targets: [pushed('aliyun', 'nginx:v1')] });

      expect(await rows('select registry_image_name from pushed_images')).toHaveLength(2);
      expect(await rows('select image from image_copies')).toHaveLength(2);
    });

    test('a row that an older script wrote for the same name meanwhile is updated, not duplicated', async () => {
      const { stores, sql, rows } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      await sql(`insert into pushed_images (target_registry_url, orig_image_name, registry_image_name)
        values ('aliyun.example.com', 'nginx:1.27', 'aliyun.example.com/mirror/nginx:1.27')`);

      await syncImage(stores, nginx, { targets: both });

      expect(await rows('select digest from pushed_images order by id')).toHaveLength(2);
    });

    test('an image is pending with the reason while one target can be retried', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);

      await syncImage(stores, nginx, {
        targets: [pushed('aliyun', 'nginx:1.27'), notPushed('private', 'waiting', 'later')],
      });

      expect(await statuses(use())).toEqual([0]);
      const { items } = await stores.status.listWanted('waiting');
      expect(items).toMatchObject([{ image: nginx, state: 'pending', code: 'rate-limited', reason: 'later' }]);
    });

    test('an image with a blocked and a retrying target stays pending', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);

      await syncImage(stores, nginx, {
        targets: [notPushed('aliyun', 'blocked', 'no'), notPushed('private', 'retrying', 'away')],
      });

      expect(await statuses(use())).toEqual([0]);
      const { items } = await stores.status.listWanted('waiting');
      expect(items).toMatchObject([{ state: 'pending', open: ['blocked', 'retrying'] }]);
    });

    test('an image that needs a person on every target is blocked with the reason of each', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);

      await syncImage(stores, nginx, {
        targets: [notPushed('aliyun', 'blocked', 'denied here'), notPushed('private', 'blocked', 'full there')],
      });

      expect(await rows('select push_status, blocked_code, blocked_reason from images_for_push')).toEqual([
        { push_status: 2, blocked_code: 'denied', blocked_reason: 'aliyun: denied here; private: full there' },
      ]);
    });

    test('an image that one target has and another one blocks is blocked, and the existing copy is recorded', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);

      await syncImage(stores, nginx, {
        targets: [pushed('aliyun', 'nginx:1.27'), notPushed('private', 'blocked', 'full')],
      });

      expect(await statuses(use())).toEqual([2]);
      expect(await rows('select id from pushed_images')).toHaveLength(1);
    });

    test('an image with a target that was not tried yet stays pending', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);

      await syncImage(stores, nginx, { targets: both }, { configured: [...targets, target('third')] });

      expect(await statuses(use())).toEqual([0]);
    });

    test('the wait for a missing tag starts when it was first found missing', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      const sourceFault = {
        state: 'waiting',
        code: 'tag-missing',
        reason: 'no such tag yet',
        tagMissing: true,
      } as const;

      await syncImage(stores, nginx, { sourceFault });
      const [first] = await rows('select first_missing_at from images_for_push');
      await syncImage(stores, nginx, { sourceFault });
      await syncImage(stores, nginx, { sourceFault: { ...sourceFault, code: 'unreachable', tagMissing: false } });

      expect(first?.['first_missing_at']).toEqual(expect.any(Number));
      expect(await rows('select first_missing_at from images_for_push')).toEqual([first]);
      expect(await rows('select state, attempts from image_copies')).toEqual([
        { state: 'waiting', attempts: 3 },
        { state: 'waiting', attempts: 3 },
      ]);
    });

    test('a tag that appeared is no longer recorded as missing', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      const sourceFault = { state: 'waiting', code: 'tag-missing', reason: 'not yet', tagMissing: true } as const;
      await syncImage(stores, nginx, { sourceFault });

      await syncImage(stores, nginx, { targets: [pushed('aliyun', 'nginx:1.27')] });

      expect(await rows('select first_missing_at from images_for_push')).toEqual([{ first_missing_at: null }]);
    });

    test('a source that stops the image blocks it with one reason', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);

      await syncImage(stores, nginx, {
        sourceFault: { state: 'blocked', code: 'repository-missing', reason: 'no such repository', tagMissing: false },
      });

      expect(await rows('select push_status, blocked_code, blocked_reason from images_for_push')).toEqual([
        { push_status: 2, blocked_code: 'repository-missing', blocked_reason: 'no such repository' },
      ]);
    });

    test('a row that is requested again while it is copied stays pending', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      await syncImage(stores, nginx, { targets: both });
      await stores.wanted.addWanted([imageRequest('nginx:1.27', 'linux/arm64')]);
      const { readAt } = await stores.wanted.wantedRows(nginx);
      const meanwhile = async (): Promise<void> => {
        // Later than the reading by at least the two milliseconds that a clock and this suite's fixture need.
        await expect.poll(async () => (await stores.wanted.wantedRows('none')).readAt).toBeGreaterThan(readAt + 5);
        await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      };

      await syncImage(stores, nginx, { targets: both }, { meanwhile });

      expect(await statuses(use())).toEqual([0, 1]);
      expect(await pendingIn(stores, { since: 0, limit: 10 })).toEqual([{ image: nginx, explicit: true }]);
    });

    test('a row that is requested again before its first copy has ended is copied again', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      const { readAt } = await stores.wanted.wantedRows(nginx);
      const meanwhile = async (): Promise<void> => {
        await expect.poll(async () => (await stores.wanted.wantedRows('none')).readAt).toBeGreaterThan(readAt + 5);
        const [again] = await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
        expect(again?.outcome).toBe('already-pending');
      };

      await syncImage(stores, nginx, { targets: both }, { meanwhile });

      expect(await statuses(use())).toEqual([0]);
      expect(await pendingIn(stores, { since: 0, limit: 10 })).toEqual([{ image: nginx, explicit: true }]);
    });

    test('a clock that is set back neither loses a request nor causes repeated checks of an image', async () => {
      const { stores, sql, rows } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      const { startedAt } = await stores.runs.begin({ id: 'run-1', reasons: [] });
      const hour = 3_600_000;
      await sql(`update images_for_push set requested_at = requested_at + ${hour}`);
      await sql(`update runs set started_at = started_at + ${hour}`);

      await syncImage(stores, nginx, { targets: [pushed('aliyun', 'nginx:1.27')] });
      const again = await pendingIn(stores, { since: startedAt + hour, limit: 10 });
      await syncImage(stores, nginx, { targets: both });
      const [before] = await rows('select requested_at from images_for_push');
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      const [after] = await rows('select requested_at from images_for_push');

      expect(again).toEqual([]);
      expect(Number(after?.['requested_at'])).toBeGreaterThan(Number(before?.['requested_at']));
    });

    test('an image that was checked while the clock was a year ahead is checked again before that year is over', async () => {
      const { stores, sql } = use();
      const year = 31_536_000_000;
      await stores.wanted.addWanted([imageRequest('nginx:1.27'), imageRequest('redis:7')]);
      await syncImage(stores, nginx, { targets: [pushed('aliyun', 'nginx:1.27')] });
      await syncImage(stores, 'docker.io/library/redis:7', { targets: [] });
      await sql(`update images_for_push set checked_at = checked_at + ${year}`);

      const { startedAt } = await stores.runs.begin({ id: 'run-2', reasons: [] });
      const pending = await pendingIn(stores, { since: startedAt, limit: 10 });
      await syncImage(stores, nginx, { targets: both });

      expect(pending.map(({ image }) => image)).toEqual([nginx, 'docker.io/library/redis:7']);
      await sql(`update images_for_push set checked_at = checked_at + ${year} where push_status = 1`);
      const query = { before: startedAt, after: Number.MIN_SAFE_INTEGER, limit: 10, matches: () => true };
      expect((await stores.tags.pushedTags(query)).map(({ image }) => image)).toEqual([nginx]);
    });

    test('the wait for a tag that was first missing while the clock was ahead starts now', async () => {
      const { stores, sql, rows } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      const fault = { state: 'waiting', code: 'tag-missing', reason: 'no such tag', tagMissing: true } as const;
      await syncImage(stores, nginx, { targets: [], sourceFault: fault });
      await sql('update images_for_push set first_missing_at = first_missing_at + 31536000000');

      await syncImage(stores, nginx, { targets: [], sourceFault: fault });
      const [row] = await rows('select first_missing_at, checked_at from images_for_push');

      expect(row?.['first_missing_at']).toEqual(row?.['checked_at']);
    });

    test('a row that another program makes pending while it is copied stays pending', async () => {
      const { stores, sql } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      await syncImage(stores, nginx, { targets: both });
      await stores.wanted.addWanted([imageRequest('nginx:1.27', 'linux/arm64')]);

      await syncImage(
        stores,
        nginx,
        { targets: both },
        { meanwhile: async () => await sql('update images_for_push set push_status = 0 where id = 1') },
      );

      expect(await statuses(use())).toEqual([0, 1]);
    });

    test('a platform that is added while the image is copied stays pending', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);

      await syncImage(
        stores,
        nginx,
        { targets: both },
        { meanwhile: async () => void (await stores.wanted.addWanted([imageRequest('nginx:1.27', 'linux/arm64')])) },
      );

      expect(await statuses(use())).toEqual([1, 0]);
    });

    test('an image that is withdrawn while it is copied stays withdrawn', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);

      await syncImage(
        stores,
        nginx,
        { targets: both },
        { meanwhile: async () => void (await stores.actions.remove(nginx)) },
      );

      expect(await statuses(use())).toEqual([3]);
    });

    test('a pushed row stays pushed if another platform of the image cannot be copied', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      await syncImage(stores, nginx, { targets: both });
      await stores.wanted.addWanted([imageRequest('nginx:1.27', 'linux/arm64')]);

      await syncImage(stores, nginx, {
        targets: [notPushed('aliyun', 'blocked', 'x'), notPushed('private', 'blocked', 'x')],
      });

      expect(await statuses(use())).toEqual([1, 2]);
    });

    test('a platform that the source does not offer is noted and not an error', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27'), imageRequest('nginx:1.27', 'linux/riscv64')]);

      await syncImage(stores, nginx, { targets: both, missingPlatforms: ['linux/riscv64'] });

      expect(await rows('select platform, push_status, note from images_for_push order by platform')).toEqual([
        { platform: 'linux/amd64', push_status: 1, note: null },
        { platform: 'linux/riscv64', push_status: 1, note: 'the source does not offer linux/riscv64' },
      ]);
    });

    test('recording an outcome twice changes only the number of attempts', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      const state = async (): Promise<unknown[]> => [
        await rows('select id, push_status, source_digest from images_for_push'),
        await rows('select id, digest, platform from pushed_images order by id'),
        await rows('select * from pushed_platforms order by pushed_id'),
        await rows('select run, image, target, state, bytes_read from run_outcomes order by target'),
      ];
      await syncImage(stores, nginx, { targets: both });
      const once = await state();

      await syncImage(stores, nginx, { targets: both });

      expect(await state()).toEqual(once);
    });

    test('the dropped manifests and the replaced digest of a target are recorded', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      const dropped = [{ digest: `sha256:${'e'.repeat(64)}`, reason: 'attestations are refused here' }];
      const replaced = `sha256:${'f'.repeat(64)}`;

      await syncImage(stores, nginx, {
        targets: [{ ...pushed('aliyun', 'nginx:1.27'), dropped, replaced } as (typeof both)[0]],
      });

      const { copies } = await stores.status.status(nginx);
      expect(copies).toMatchObject([{ target: 'aliyun', dropped, replaced }]);
    });

    test('a list of platforms is cut to the column at a whole platform, and the platform table has all of them', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27', 'all')]);
      const many = Array.from({ length: 30 }, (_, number) => `windows(10.0.17763.${1000 + number})/amd64`);

      await syncImage(stores, nginx, { targets: [pushed('aliyun', 'nginx:1.27', many)] });

      const [row] = await rows('select platform from pushed_images');
      const listed = String(row?.['platform']).split(',');
      expect(listed).toEqual(many.slice(0, listed.length));
      expect(String(row?.['platform']).length).toBeLessThanOrEqual(255);
      expect(await rows('select platform from pushed_platforms')).toHaveLength(30);
    });
  });
}
