import { describe, expect, test } from 'vitest';

import { inTransaction } from '../../src/database/ferry-database.js';
import { createStores } from '../../src/database/stores.js';
import type { StateEvent } from '../../src/domain/state-change.js';
import { beforeFirstRow } from '../../src/domain/wanted-image.js';
import { eachWithStores, imageRequest, notPushed, pushed, syncImage, targets } from './store-fixture.js';
import type { Fixture, PlaceOf } from './store-fixture.js';

const nginx = 'docker.io/library/nginx:1.27';
const both = [pushed('aliyun', 'nginx:1.27'), pushed('private', 'nginx:1.27')];

/** What an event says, in one line: `kind image[@target]: from -> to`. */
function lines(events: readonly StateEvent[]): string[] {
  return events.map(
    ({ kind, image, target, from = 'none', to }) =>
      `${kind} ${image.replace(/^.*\//, '')}${target === undefined ? '' : `@${target}`}: ${from} -> ${to}`,
  );
}

export function eventsSuite(placeOf: PlaceOf): void {
  describe('events', () => {
    const use = eachWithStores(placeOf);
    const all = async ({ stores }: Fixture): Promise<readonly StateEvent[]> => await stores.status.events(0);
    /** Lines of the events since the last call. */
    function follower(): () => Promise<string[]> {
      let last = 0;
      return async () => {
        const events = await use().stores.status.events(last);
        last = events.at(-1)?.id ?? last;
        return lines(events);
      };
    }

    test('an outcome returns and keeps every state that it changes, with reason, run and time', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);

      await syncImage(stores, nginx, {
        targets: [both[0], notPushed('private', 'retrying', 'away')].flatMap((x) => x ?? []),
      });
      await syncImage(stores, nginx, { targets: both }, { run: 'run-2' });

      const events = await all(use());
      expect(lines(events)).toEqual([
        'added nginx:1.27: none -> pending',
        'outcome nginx:1.27: pending -> retrying',
        'outcome nginx:1.27@aliyun: none -> pushed',
        'outcome nginx:1.27@private: none -> retrying',
        'outcome nginx:1.27: retrying -> pushed',
        'outcome nginx:1.27@private: retrying -> pushed',
      ]);
      expect(events[0]).toMatchObject({ who: 'cli' });
      expect(events[1]).toMatchObject({ code: 'unreachable', reason: 'away', run: 'run-1' });
      expect(events[4]).toMatchObject({ run: 'run-2' });
      const [{ checked_at: checked } = {}] = await rows('select checked_at from images_for_push');
      for (const { at } of events) expect(Math.abs(at - Number(checked))).toBeLessThan(60_000);
    });

    test('recording an outcome a second time, as a repeated activity does, makes no event', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      const { rows, readAt } = await stores.wanted.wantedRows(nginx);
      const blocked = { state: 'blocked', code: 'denied', reason: 'no access', tagMissing: false } as const;
      const outcome = {
        image: nginx,
        rows: rows.map(({ id }) => id),
        targets: [],
        missingPlatforms: [],
        sourceFault: blocked,
        bytesRead: 0,
      };
      const context = { targets, run: 'run-1', readAt: readAt + 1 };

      const first = await stores.pushed.recordOutcome(outcome, context);
      const second = await stores.pushed.recordOutcome(outcome, context);

      const why = { code: 'denied', reason: 'no access' };
      expect(first).toEqual([
        { image: nginx, from: 'pending', to: 'blocked', ...why },
        { image: nginx, target: 'aliyun', to: 'blocked', ...why },
        { image: nginx, target: 'private', to: 'blocked', ...why },
      ]);
      expect(second).toEqual([]);
      expect(await all(use())).toHaveLength(4);
    });

    test('requests, retries and removals by a person are events; a request that changes nothing is none', async () => {
      const { stores } = use();
      const next = follower();

      await stores.wanted.addWanted([imageRequest('nginx:1.27'), imageRequest('nginx:1.27')]);
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      const added = await next();
      await syncImage(stores, nginx, { targets: [notPushed('aliyun', 'waiting', 'limit')] });
      await next();
      await stores.actions.retry(nginx);
      const retried = await next();
      await syncImage(stores, nginx, { targets: both });
      await next();
      await stores.actions.retry(nginx);
      const forced = await next();
      await stores.actions.remove(nginx);
      await stores.actions.remove(nginx);
      const removed = await next();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);

      expect(added).toEqual(['added nginx:1.27: none -> pending']);
      expect(retried).toEqual(['retried nginx:1.27: waiting -> pending']);
      expect(forced).toEqual(['retried nginx:1.27: pushed -> pending']);
      expect(removed).toEqual(['removed nginx:1.27: pending -> withdrawn']);
      expect(await next()).toEqual(['added nginx:1.27: withdrawn -> pending']);
    });

    test('a moved tag, a shared tag, a new target and an announced tag make events of their own kind', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      await syncImage(stores, nginx, { targets: both });
      const next = follower();
      await next();

      await stores.tags.moved([nginx]);
      const moved = await next();
      await syncImage(stores, nginx, { targets: both });
      await next();
      await stores.wanted.reviewPushed([nginx]);
      const shared = await next();
      await syncImage(stores, nginx, { targets: both });
      await next();
      await stores.actions.backfill({ name: 'third' });
      const backfilled = await next();
      const missing = { state: 'blocked', code: 'tag-missing', reason: 'no such tag', tagMissing: true } as const;
      await syncImage(stores, nginx, { targets: [], sourceFault: missing });
      await next();
      await stores.states.reviveMissing([{ image: nginx, platform: 'linux/amd64' }]);

      expect(moved).toEqual(['tag-moved nginx:1.27: pushed -> pending']);
      expect(shared).toEqual(['shared-tag nginx:1.27: pushed -> pending']);
      expect(backfilled).toEqual(['backfill nginx:1.27: pushed -> pending']);
      expect(await next()).toEqual(['tag-announced nginx:1.27: blocked -> pending']);
    });

    test('rows of other programs make events when they are read, refused, reset and adopted', async () => {
      const { stores, sql } = use();
      const next = follower();
      await sql(
        `insert into images_for_push (orig_image_name, push_status) values ('nginx:1.27', 1), ('Not:valid', 0)`,
      );

      await stores.wanted.normalizeRows();
      const events = await all(use());
      const read = await next();
      const [claimed] = await stores.pushed.claimedRows({ targets, after: beforeFirstRow, limit: 10 });
      if (claimed === undefined) throw new Error('the row is not among the claimed ones');
      const copies = targets.map(({ name }) => ({
        target: name,
        reference: `${name}.example.com/mirror/nginx:1.27`,
        digest: `sha256:${'a'.repeat(64)}`,
      }));
      await stores.pushed.recordTakenOver([{ ...claimed, was: 1, isThere: true, copies }]);
      await stores.pushed.recordTakenOver([{ ...claimed, was: 1, isThere: true, copies }]);
      const adopted = await next();
      await sql(`update images_for_push set push_status = 0 where image_key is not null`);
      await stores.wanted.normalizeRows();

      expect(read.sort()).toEqual(['normalized Not:valid: none -> blocked', 'normalized nginx:1.27: none -> pending']);
      expect(events.find(({ to }) => to === 'blocked')).toMatchObject({
        code: 'invalid-reference',
        reason: expect.any(String) as string,
        who: 'row',
      });
      expect(adopted).toEqual(['adopted nginx:1.27: pending -> pushed']);
      expect(await next()).toEqual(['reset nginx:1.27: pushed -> pending']);
    });

    test('a password in a row of another program is in no event', async () => {
      const { stores, sql, rows } = use();
      await sql(`insert into images_for_push (source_registry_url, orig_image_name) values
        ('https://user:hunter2@registry.example.com', 'app:1'), ('docker.io', 'user:hunter2@registry.example.com/app:1')`);

      const { blocked } = await stores.wanted.normalizeRows();

      expect(await all(use())).toHaveLength(2);
      expect(JSON.stringify([blocked, await rows('select * from events')])).not.toContain('hunter2');
    });

    test('the status of an image shows its state changes', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);

      expect(lines((await stores.status.status(nginx)).events)).toEqual(['added nginx:1.27: none -> pending']);
    });

    test('the events of an image are its timeline, and of others nothing', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27'), imageRequest('redis:7')]);
      await syncImage(stores, nginx, { targets: both });

      const timeline = await stores.status.eventsOf(nginx);

      expect(new Set(timeline.map(({ image }) => image))).toEqual(new Set([nginx]));
      expect(timeline.map(({ to }) => to)).toEqual(['pending', 'pushed', 'pushed', 'pushed']);
      expect(timeline.map(({ id }) => id)).toEqual(timeline.map(({ id }) => id).sort((a, b) => a - b));
    });

    test('a change that is rolled back leaves no event', async () => {
      const { stores, database } = use();
      const within = await inTransaction(database.queries, async (queries) => {
        const inside = createStores({ ...database, queries, transaction: async (work) => await work(queries) });
        await inside.wanted.addWanted([imageRequest('nginx:1.27')]);
        throw new Error('rolled back');
      }).catch((error: unknown) => error);
      await stores.wanted.addWanted([imageRequest('redis:7')]);

      expect(within).toMatchObject({ message: 'rolled back' });
      expect(lines(await stores.status.eventsOf('docker.io/library/redis:7'))).toEqual([
        'added redis:7: none -> pending',
      ]);
      expect(await stores.status.eventsOf(nginx)).toEqual([]);
    });

    test('events after a missing number are returned once its transaction can no longer be in progress', async () => {
      const { stores, sql } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27'), imageRequest('redis:7'), imageRequest('alpine:3')]);
      const [first, second] = await all(use());
      await sql(`delete from events where id = ${second?.id ?? 0}`);

      const young = await stores.status.events(0);
      await sql('update events set at = at - 60000');
      const old = await stores.status.events(0);

      const isSqlite = use().settings.kind === 'sqlite';
      expect(young.map(({ id }) => id)).toHaveLength(isSqlite ? 2 : 1);
      expect(young[0]?.id).toBe(first?.id);
      expect(old).toHaveLength(2);
    });

    test('1,000 rows of other programs are read with their events in a few statements', async () => {
      const { database, sql } = use();
      let inserts = 0;
      const queries = database.queries.withPlugin({
        transformQuery: ({ node }) => {
          if (JSON.stringify(node).includes('insert into')) inserts += 1;
          return node;
        },
        transformResult: async ({ result }) => result,
      });
      const counted = createStores({ ...database, queries, transaction: (work) => inTransaction(queries, work) });
      const names = Array.from({ length: 1_000 }, (_, number) => `('org/app-${number}:1')`);
      await sql(`insert into images_for_push (orig_image_name) values ${names.join(', ')}`);

      await counted.wanted.normalizeRows();

      expect(await counted.status.events(0, 2_000)).toHaveLength(1_000);
      expect(inserts).toBeLessThan(10);
    });
  });
}
