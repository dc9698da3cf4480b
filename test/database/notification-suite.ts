import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { recordEvents } from '../../src/database/events.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import type { ClaimOptions } from '../../src/database/notification-claims.js';
import type { NewNotification } from '../../src/database/notification-rows.js';
import { emptyAudit } from '../../src/domain/audit.js';
import type { NotificationSettings } from '../../src/domain/notifications/settings.js';
import type { ImageOutcome } from '../../src/domain/wanted-image.js';
import { planNotifications } from '../../src/notifications/plan-notifications.js';
import { planSilence } from '../../src/notifications/plan-silence.js';
import { eachWithStores, imageRequest, notPushed, pushed, targets as everyTarget } from './store-fixture.js';
import type { Fixture, PlaceOf } from './store-fixture.js';

const targets = ['aliyun', 'private'];
const settings: NotificationSettings = {
  channels: [
    {
      name: 'ops',
      kind: 'webhook',
      language: 'en',
      kinds: ['blocked', 'retrying', 'target', 'allowance', 'run', 'release', 'drift', 'silent'],
      timezone: 'UTC',
      limits: [],
      host: 'hooks.example.com',
      address: () => 'https://hooks.example.com',
    },
  ],
  patience: { groupMs: 0, retryingMs: 3_600_000, targetMs: 0 },
  silentMs: 0,
};

function message(number: number, channel = 'ops'): NewNotification {
  const facts = { about: 'test', channel, by: `${number}` } as const;
  return { messageId: `msg_${channel}_${number}`, channel, kind: 'test', title: `title ${number}`, facts };
}

let digests = 0;
function claim(changes: Partial<ClaimOptions> = {}): ClaimOptions {
  digests += 1;
  return {
    owner: 'one',
    limits: [],
    allowedAt: (now) => now,
    digestBytes: 1_000,
    digestTitle: (titles) => `${titles.length} notifications`,
    newMessageId: `msg_digest_${digests}`,
    ...changes,
  };
}

export function notificationSuite(placeOf: PlaceOf): void {
  describe('the outbox of notifications', () => {
    const use = eachWithStores(placeOf);

    async function next(changes: Partial<ClaimOptions> = {}, channel = 'ops') {
      return await use().stores.notifications.claim(channel, claim(changes));
    }

    async function finish(
      answer: Awaited<ReturnType<typeof next>>,
      outcome: 'sent' | 'throttled' | 'failed' | 'refused' = 'sent',
      changes: { readonly pauseMs?: number; readonly isFinal?: boolean } = {},
    ): Promise<void> {
      if (answer.kind !== 'claimed') throw new Error(`nothing is claimed: ${answer.kind}`);
      const { id, attempt } = answer.message;
      const result = { id, attempt, outcome, answer: `it is ${outcome}`, tookMs: 5, pauseMs: 0, isFinal: false };
      await use().stores.notifications.record({ ...result, ...changes });
    }

    test('messages of a channel are sent one after the other in their order, and those of channels independently', async () => {
      const { notifications } = use().stores;
      await notifications.add([message(1), message(2), message(1, 'chat')]);

      const first = await next();
      const busy = await next({ owner: 'two' });
      const other = await next({ owner: 'two' }, 'chat');
      await finish(first);
      const second = await next({ owner: 'two' });

      expect(first).toMatchObject({ kind: 'claimed', message: { messageId: 'msg_ops_1', attempts: 1 } });
      expect(busy).toMatchObject({ kind: 'later' });
      expect(other).toMatchObject({ kind: 'claimed', message: { messageId: 'msg_chat_1' } });
      expect(second).toMatchObject({ kind: 'claimed', message: { messageId: 'msg_ops_2' } });
    });

    test('a message that was not recorded is sent again with its ID: by its owner at once, by others after a while', async () => {
      const { stores, sql } = use();
      await stores.notifications.add([message(1), message(2)]);
      await next();

      const again = await next();
      await sql('update notifications set claimed_until = 1 where claimed_until is not null');
      const byOther = await next({ owner: 'two' });
      await finish(byOther);

      for (const answer of [again, byOther]) expect(answer).toMatchObject({ message: { messageId: 'msg_ops_1' } });
      const [, first] = (await stores.notifications.list({ limit: 10 })).items;
      expect(await stores.notifications.one(first?.id ?? 0)).toMatchObject({
        state: 'sent',
        attempts: 3,
        tries: [{ outcome: 'started' }, { outcome: 'started' }, { outcome: 'sent', answer: 'it is sent', tookMs: 5 }],
      });
    });

    test('a failed attempt that took longer than its claim does not free a message that another process sends', async () => {
      const { sql, stores } = use();
      await stores.notifications.add([message(1)]);
      const slow = await next();
      await sql('update notifications set claimed_until = 1 where claimed_until is not null');
      const other = await next({ owner: 'two' });

      await finish(slow, 'failed', { isFinal: true });
      const third = await next({ owner: 'three' });
      await finish(other);

      expect(other).toMatchObject({ kind: 'claimed', message: { messageId: 'msg_ops_1' } });
      expect(third).toMatchObject({ kind: 'later' });
      const [entry] = (await stores.notifications.list({ limit: 1 })).items;
      expect(await stores.notifications.one(entry?.id ?? 0)).toMatchObject({
        state: 'sent',
        tries: [{ outcome: 'failed', answer: 'it is failed' }, { outcome: 'sent' }],
      });
    });

    test('what does not fit the rate becomes digests, in order, with nothing left out', async () => {
      const { notifications } = use().stores;
      await notifications.add(Array.from({ length: 120 }, (_, number) => message(number)));
      const limits = [{ count: 1, perMs: 50 }];
      const titles: string[] = [];
      for (let answer = await next({ limits }); answer.kind !== 'nothing'; answer = await next({ limits })) {
        if (answer.kind === 'later') {
          await new Promise((resolve) => setTimeout(resolve, answer.kind === 'later' ? answer.inMs : 0));
          continue;
        }
        const { facts } = answer.message;
        if (facts.about === 'digest') titles.push(...facts.titles);
        await finish(answer);
      }

      expect(titles).toEqual(Array.from({ length: 120 }, (_, number) => `title ${number}`));
      const { items } = await notifications.list({ limit: 1_000 });
      expect(items.filter(({ state }) => state === 'merged')).toHaveLength(120);
      const sent = items.filter(({ state }) => state === 'sent');
      expect(sent).toHaveLength(3);
      expect(new Set(items.map(({ digest }) => digest))).toEqual(new Set([undefined, ...sent.map(({ id }) => id)]));
    });

    test('a channel that was throttled is paused for all processes, and the same message is the next one', async () => {
      const { notifications } = use().stores;
      await notifications.add([message(1), message(2)]);

      await finish(await next(), 'throttled', { pauseMs: 600_000 });
      const paused = await next({ owner: 'two' });

      expect(paused).toMatchObject({ kind: 'later' });
      expect(paused.kind === 'later' && paused.inMs > 590_000).toBe(true);
      expect((await notifications.standings(['ops'])).get('ops')).toMatchObject({
        pending: 2,
        error: 'it is throttled',
      });
      await use().sql("update notification_channels set paused_until = 1 where name = 'ops'");
      expect(await next({ owner: 'two' })).toMatchObject({ message: { messageId: 'msg_ops_1' } });
    });

    test('a refused message is failed when it is not tried again, and a person can redeliver it with its ID', async () => {
      const { notifications } = use().stores;
      const [id = 0] = await notifications.add([message(1), message(2)]);

      await finish(await next(), 'refused', { isFinal: true });
      const failed = await notifications.list({ limit: 10, failed: true });
      const redelivered = [await notifications.redeliver(id), await notifications.redeliver(id)];
      const answer = await next();

      expect(failed.items).toMatchObject([{ id, state: 'failed', error: 'it is refused' }]);
      expect(redelivered).toEqual([true, false]);
      expect(answer).toMatchObject({ message: { messageId: 'msg_ops_1', refusals: 1 } });
      expect(await notifications.redeliver(10_000)).toBeUndefined();
    });

    test('quiet hours hold messages back, and a test of a person goes ahead of them and of a pause', async () => {
      const { notifications } = use().stores;
      await notifications.add([message(1)]);
      const [id] = await notifications.add([message(2)]);
      await use().sql(
        "insert into notification_channels (name, buckets, paused_until, failures) values ('ops', '{}', 9999999999999, 0)",
      );

      expect(await next({ allowedAt: (now) => now + 60_000 })).toMatchObject({ kind: 'later' });
      expect(await next({ allowedAt: (now) => now + 60_000, only: id })).toMatchObject({
        message: { messageId: 'msg_ops_2' },
      });
    });

    test('old messages and attempts are pruned, but never messages that wait', async () => {
      const { stores, sql, rows } = use();
      await stores.notifications.add([message(1), message(2)]);
      await finish(await next());
      await sql('update notifications set created_at = 1; update notification_attempts set at = 1');

      expect(await stores.runs.pruneHistory(90)).toMatchObject({ notifications: 2 });
      expect(await rows('select message_id from notifications')).toEqual([{ message_id: 'msg_ops_2' }]);
    });

    test('pages of the log end, and only a channel is listed when it is named', async () => {
      const { notifications } = use().stores;
      await notifications.add([message(1), message(2), message(3), message(1, 'chat')]);

      const first = await notifications.list({ limit: 2 });
      const second = await notifications.list({ limit: 2, before: first.next });
      const third = await notifications.list({ limit: 2, before: second.next });

      expect([...first.items, ...second.items].map(({ title }) => title)).toEqual([
        'title 1',
        'title 3',
        'title 2',
        'title 1',
      ]);
      expect(third).toEqual({ items: [] });
      expect((await notifications.list({ limit: 9, channel: 'chat' })).items).toHaveLength(1);
    });
  });

  describe('the planning of notifications', () => {
    const use = eachWithStores(placeOf);
    const plan = async (): Promise<void> =>
      void (await planNotifications(use().stores.notificationPlans, { settings, targets }));
    const titles = async (): Promise<string[]> => {
      const { items } = await use().stores.notifications.list({ limit: 1_000 });
      return items.map(({ title }) => title).reverse();
    };
    const names = Array.from({ length: 300 }, (_, number) => `app-${String(number).padStart(3, '0')}:1`);

    /** Outcomes of many images in a few transactions. */
    async function record(tags: readonly string[], outcomeOf: (name: string) => Partial<ImageOutcome>, run: string) {
      const { stores } = use();
      const images = tags.map((name) => `docker.io/library/${name}`);
      const { wanted } = await stores.reads.read(images, everyTarget);
      const records = [];
      for (const [position, image] of images.entries()) {
        const { rows, readAt } = await wanted.wantedRows(image);
        const blank = { image, rows: rows.map(({ id }) => id), targets: [], missingPlatforms: [], bytesRead: 0 };
        // A request in the same millisecond in which the rows were read would count as a later one.
        records.push({ outcome: { ...blank, ...outcomeOf(tags[position] ?? '') }, readAt: readAt + 1 });
      }
      await stores.pushed.recordOutcomes(records, { targets: everyTarget, run });
    }
    const away = (name: string) => ({
      targets: [pushed('aliyun', name), notPushed('private', 'retrying', 'target private: connection refused')],
    });
    const everywhere = (name: string) => ({ targets: [pushed('aliyun', name), pushed('private', name)] });
    const settle = async ({ sql }: Fixture): Promise<void> => await sql('update events set at = at - 20000');

    test(
      '300 images that fail because one target is away are one message, and one more when it is over',
      { timeout: 120_000 },
      async () => {
        const { stores } = use();
        await plan();
        await stores.wanted.addWanted(names.map((name) => imageRequest(name)));
        await stores.runs.begin({ id: 'run-1', reasons: [] });
        await record(names, away, 'run-1');
        await stores.runs.finish({ id: 'run-1', summary: { images: 300, retrying: 300 } });
        await settle(use());
        await plan();
        await plan();
        const open = await titles();
        await record(names, everywhere, 'run-2');
        await settle(use());
        await plan();
        await plan();

        expect(open).toEqual(['Target private is away: 300 images wait for it']);
        expect(await titles()).toEqual([...open, 'Over: target private is back']);
        const [, first] = (await stores.notifications.list({ limit: 10 })).items;
        const facts = await use().rows(`select facts from notifications where id = ${first?.id ?? 0}`);
        expect(JSON.parse(String(facts[0]?.['facts']))).toMatchObject({
          images: 300,
          first: ['000', '001', '002', '003', '004'].map((number) => `docker.io/library/app-${number}:1`),
          code: 'unreachable',
        });
      },
    );

    test('events that are committed late, with older IDs and times than others, are considered, and each of them once', async () => {
      const { database, settings: place, stores, rows } = use();
      await plan();
      const late = await openDatabase(place);
      try {
        const gate = new EventEmitter();
        const [isWritten, isToCommit] = [once(gate, 'written'), once(gate, 'commit')];
        const write = async (): Promise<void> =>
          await late.transaction(async (queries) => {
            const blocked = { to: 'blocked', code: 'denied', reason: 'source docker.io: denied' } as const;
            const at = (await late.dialect.now(queries)) - 3_600_000;
            await recordEvents(queries, [{ image: 'docker.io/library/late:1', ...blocked }], { kind: 'outcome', at });
            gate.emit('written');
            await isToCommit;
          });
        // SQLite has one writer at a time: there the transaction is late by its time alone.
        const isBeside = database.dialect.kind === 'mysql';
        const writing = isBeside ? write() : undefined;
        if (isBeside) await isWritten;
        await stores.wanted.addWanted([imageRequest('app-000:1')]);
        await record(['app-000:1'], away, 'run-1');
        await plan();
        const before = await titles();
        gate.emit('commit');
        await (writing ?? write());
        await plan();
        const after = await titles();
        await plan();

        expect(before).toEqual(['Target private is away: 1 image waits for it']);
        expect(after).toEqual([...before, '1 image blocked: source docker.io, denied']);
        expect(await titles()).toEqual(after);
        const [{ ids = 0 } = {}] = await rows(
          `select count(*) as ids from events where id < (select max(id) from events) and image = 'docker.io/library/late:1'`,
        );
        expect(Number(ids)).toBe(isBeside ? 1 : 0);
      } finally {
        await late.close();
      }
    });

    test('events of several turns are each considered once, and so are runs, even if their end is recorded again', async () => {
      const { rows, sql, stores } = use();
      await plan();
      const pages = Array.from({ length: 5 }, (_, page) =>
        Array.from(
          { length: 500 },
          (_unused, n) => `(1, 'outcome', 'docker.io/library/p${page}-${n}:1', '', 'blocked', 'denied')`,
        ),
      );
      for (const page of pages) {
        await sql(`insert into events (at, kind, image, target, to_state, code) values ${page.join(',')}`);
      }
      await stores.runs.begin({ id: 'run-1', reasons: [] });
      const end = { id: 'run-1', summary: { failure: 'out of memory' } };
      await stores.runs.finish(end);
      await plan();
      await stores.runs.finish(end);
      await plan();

      const left = await rows('select count(*) as left_over from events where considered is null');
      expect(Number(left[0]?.['left_over'])).toBe(0);
      expect(await titles()).toEqual(['A sync run failed', '2500 images blocked: source docker.io, denied']);
    });

    test('an installation that gets its first channel is not notified of what happened before', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('app-000:1')]);
      await record(['app-000:1'], away, 'run-1');
      await stores.states.save('dify', { release: '1.0.0', fingerprint: 'f' });
      await settle(use());

      await plan();
      await plan();

      expect(await titles()).toEqual([]);
    });

    test('a run is notified of only by what no incident says, and by its own failure', async () => {
      const { stores } = use();
      await plan();
      await stores.wanted.addWanted([imageRequest('app-000:1')]);
      await stores.runs.begin({ id: 'run-1', reasons: [] });
      await record(['app-000:1'], away, 'run-1');
      await stores.runs.finish({ id: 'run-1', summary: { images: 1, retrying: 1 } });
      await stores.runs.begin({ id: 'run-2', reasons: [] });
      await stores.runs.finish({ id: 'run-2', summary: { failure: 'out of memory' } });
      await stores.runs.begin({ id: 'run-3', reasons: [] });
      await stores.runs.finish({ id: 'run-3', summary: { images: 1, retrying: 1, cancelled: true } });
      await settle(use());
      const [channel] = settings.channels;
      if (channel === undefined) throw new Error('there is a channel');
      const channels = [channel, { ...channel, name: 'runs', kinds: ['run'] as const }];
      await planNotifications(stores.notificationPlans, { settings: { ...settings, channels }, targets });

      const { items } = await stores.notifications.list({ limit: 10 });
      expect(items.map(({ channel: name, title }) => `${name}: ${title}`).toSorted()).toEqual([
        'ops: A sync run failed',
        'ops: Target private is away: 1 image waits for it',
        'runs: A sync run failed',
        'runs: A sync run left 1 image open',
      ]);
    });

    test('a release is announced when it is found, and once more when its last image is on every target', async () => {
      const { stores } = use();
      await plan();
      const by = { by: 'upstream', id: 'dify', release: '1.10.0' } as const;
      const wanted = ['api:1', 'web:1'].map((name) => ({ ...imageRequest(name), requestedBy: by }));
      await stores.wanted.addWanted(wanted);
      await stores.states.save('dify', { release: '1.10.0', fingerprint: 'f' });
      await settle(use());
      await plan();
      await record(['api:1'], everywhere, 'run-1');
      await settle(use());
      await plan();
      const found = await titles();
      await record(['web:1'], everywhere, 'run-1');
      await settle(use());
      await plan();
      await plan();

      expect(found).toEqual(['New release found: Dify 1.10.0']);
      expect(await titles()).toEqual([...found, 'Dify 1.10.0 is on both targets: 2 images new, 104.9 MB']);
    });

    test('a release says what is new, what has another tag, and on which targets, whenever it was requested and copied', async () => {
      const { stores } = use();
      await plan();
      const by = { by: 'upstream', id: 'dify', release: '1.10.0' } as const;
      const requested = [
        { ...imageRequest('api:2'), requestedBy: { ...by, oldTag: '1', newTag: '2' }, targets: ['aliyun'] },
        { ...imageRequest('sandbox:1'), requestedBy: by, targets: ['aliyun'] },
        // A person wanted it before the release did.
        { ...imageRequest('web:2'), targets: ['aliyun'] },
        { ...imageRequest('web:2'), requestedBy: { ...by, oldTag: '1', newTag: '2' }, targets: ['aliyun'] },
      ];
      for (const one of requested) await stores.wanted.addWanted([one]);
      const images = ['api:2', 'sandbox:1', 'web:2'];
      const file = images.map((name) => ({ service: name, image: `docker.io/library/${name}` }));
      await stores.releases.save('dify', [{ release: '1.10.0', images: file }]);
      const onAliyun = (name: string) => ({ targets: [pushed('aliyun', name)] });
      await record(images, onAliyun, 'run-1');
      // Everything was copied before notifications looked.
      await stores.states.save('dify', { release: '1.10.0', fingerprint: 'f' });
      await plan();

      expect(await titles()).toEqual([
        'New release found: Dify 1.10.0',
        'Dify 1.10.0 is on aliyun: 1 image new, 1 changed, 104.9 MB',
      ]);
      const [, found] = (await stores.notifications.list({ limit: 10 })).items;
      const facts = await use().rows(`select facts from notifications where id = ${found?.id ?? 0}`);
      expect(JSON.parse(String(facts[0]?.['facts']))).toMatchObject({ images: 3, added: 1, changed: 1 });
    });

    test('a copy that an audit found lost is one message, and another one when it is healed', async () => {
      const { sql } = use();
      await plan();
      const event = (kind: string): string =>
        `insert into events (at, kind, image, target, from_state, to_state, run)
         values (1, '${kind}', 'docker.io/library/nginx:1', 'aliyun', 'pushed', 'retrying', 'audit-1')`;
      await sql(event('drift-lost'));
      await plan();
      await sql(event('healed'));
      await plan();

      expect(await titles()).toEqual([
        'Target aliyun lost 1 image',
        'Over: the copies on target aliyun are right again',
      ]);
    });

    test('drift of an image that is withdrawn is over; another program’s tag that moved is one message without an end', async () => {
      const { rows, sql, stores } = use();
      await plan();
      await stores.wanted.addWanted([imageRequest('nginx:1')]);
      const event = (kind: string, image: string, state: string): string =>
        `insert into events (at, kind, image, target, from_state, to_state, who)
         values (1, '${kind}', 'docker.io/library/${image}', 'aliyun', '${state}', '${state}', 'audit 1')`;
      await sql(event('drift-lost', 'nginx:1', 'pushed'));
      await sql(event('drift-changed', 'theirs:1', 'adopted'));
      await plan();
      await stores.actions.remove('docker.io/library/nginx:1');
      await plan();

      expect(await titles()).toEqual([
        'Target aliyun lost 1 image',
        '1 image on target aliyun was changed by others',
        'Over: the copies on target aliyun are right again',
      ]);
      expect(await rows('select id from notification_incidents where over_at = 0')).toEqual([]);
    });

    test('audits of every target that end early are one message, and another one when one has run to its end', async () => {
      const { audits } = use().stores;
      const ended = async (
        id: string,
        failure?: string,
        { targets, cancelled }: { readonly targets?: readonly string[]; readonly cancelled?: boolean } = {},
      ): Promise<void> => {
        // By the clock of the database, none ends in the millisecond of another.
        await sleep(5);
        await audits.begin({ id, who: 'schedule', scope: { deep: false, targets } });
        await audits.finish(id, { summary: { ...emptyAudit, cancelled }, failure });
        await plan();
      };
      await audits.begin({ id: 'long-ago', who: 'schedule', scope: { deep: false } });
      await audits.finish('long-ago', { summary: emptyAudit, failure: 'the database was away' });
      await plan();
      await ended('audit-1', 'the database is away');
      await ended('audit-2', 'the database is away');
      await ended('audit-3', undefined, { targets: ['aliyun'] });
      await ended('audit-4');
      await ended('audit-5', 'the database is away', { targets: ['aliyun'] });
      await ended('audit-6', 'it was cancelled', { cancelled: true });

      expect(await titles()).toEqual([
        'An audit ended early: not all copies were checked',
        'Over: an audit has run to its end',
      ]);
    });

    test('a silent queue and a schedule that did not run are announced once, and again when they are back', async () => {
      const { notificationPlans: plans } = use().stores;
      const queue = (isServed: boolean) => ({ of: 'queue', name: 'ferry', isServed }) as const;
      const schedule = (lastAt: number, nextAt: number) =>
        ({ of: 'schedule', name: 'sync-all', exists: true, isPaused: false, lastAt, nextAt }) as const;

      await planSilence(plans, settings, [queue(true), schedule(100, 1_000)]);
      await planSilence(plans, settings, [queue(false), schedule(100, 10 ** 15)]);
      await planSilence(plans, settings, [queue(false), schedule(100, 10 ** 15)]);
      await planSilence(plans, settings, [queue(true), schedule(2_000, 10 ** 15)]);
      await planSilence(plans, settings, [{ ...schedule(0, 0), exists: false }]);

      expect(await titles()).toEqual([
        'No worker polls the task queue ferry',
        'The schedule sync-all has not run when it was due',
        'Over: a worker polls ferry again',
        'Over: the schedule sync-all runs again',
        'The schedule sync-all does not exist',
      ]);
    });

    test('an image that is blocked and then withdrawn ends its incident', async () => {
      const { stores } = use();
      await plan();
      await stores.wanted.addWanted([imageRequest('app-000:1')]);
      await record(
        ['app-000:1'],
        () => ({
          targets: [
            notPushed('aliyun', 'blocked', 'target aliyun: denied'),
            notPushed('private', 'blocked', 'target private: denied'),
          ],
        }),
        'run-1',
      );
      await settle(use());
      await plan();
      const open = await titles();
      await stores.actions.remove('docker.io/library/app-000:1');
      await settle(use());
      await plan();

      expect(open).toEqual(['1 image blocked: target aliyun, denied', '1 image blocked: target private, denied']);
      expect((await titles()).slice(2)).toEqual([
        'Over: no image is blocked by target aliyun, denied',
        'Over: no image is blocked by target private, denied',
      ]);
    });
  });
}
