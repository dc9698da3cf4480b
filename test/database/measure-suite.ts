import { describe, expect, test } from 'vitest';

import { standingReader } from '../../src/composition/observability/standing-reader.js';
import { createStores } from '../../src/database/stores.js';
import { FerryMetrics } from '../../src/observability/metrics/ferry-metrics.js';
import { seriesOf } from '../support/metrics-page.js';
import { eachWithStores, imageRequest, notPushed, pushed, syncImage } from './store-fixture.js';
import type { Fixture, PlaceOf } from './store-fixture.js';

const nginx = 'docker.io/library/nginx:1.27';
const redis = 'docker.io/library/redis:7';
const both = ['aliyun', 'private'];

export function measureSuite(placeOf: PlaceOf): void {
  describe('numbers for metrics', () => {
    const use = eachWithStores(placeOf);

    async function addAll({ stores }: Fixture, images: readonly string[]): Promise<void> {
      await stores.wanted.addWanted(images.map((image) => imageRequest(image)));
      await stores.runs.begin({ id: 'run-1', reasons: ['test'] });
    }

    test('every wanted image is counted in one state, as lists show it', async () => {
      const { stores } = use();
      await addAll(use(), ['nginx:1.27', 'redis:7', 'busybox:1', 'alpine:3', 'httpd:2']);
      await syncImage(stores, nginx, { targets: [pushed('aliyun', 'nginx:1.27'), pushed('private', 'nginx:1.27')] });
      await syncImage(stores, redis, { targets: [pushed('aliyun', 'redis:7'), notPushed('private', 'blocked', 'no')] });
      await syncImage(stores, 'docker.io/library/busybox:1', {
        targets: [pushed('aliyun', 'busybox:1'), notPushed('private', 'retrying', 'away')],
      });
      await syncImage(stores, 'docker.io/library/httpd:2', {
        sourceFault: { state: 'waiting', code: 'tag-missing', reason: 'not yet', tagMissing: true },
      });

      const images = await stores.measures.images();

      expect(images).toEqual({ pending: 1, waiting: 1, retrying: 1, blocked: 1, pushed: 1, withdrawn: 0 });
    });

    test('the age of the oldest pending image counts requests and rows of other programs, but nothing that is pushed', async () => {
      const { stores, sql } = use();
      await addAll(use(), ['nginx:1.27', 'redis:7']);
      await syncImage(stores, nginx, { targets: [pushed('aliyun', 'nginx:1.27'), pushed('private', 'nginx:1.27')] });
      await sql(`update images_for_push set requested_at = requested_at - 3600000 where orig_image_name = 'redis:7'`);
      await sql(
        `update images_for_push set requested_at = requested_at - 90000000 where orig_image_name = 'nginx:1.27'`,
      );

      const requested = await stores.measures.oldestPendingSeconds();
      const longAgo = new Date(Date.now() - 7_200_000).toISOString().slice(0, 19).replace('T', ' ');
      await sql(`insert into images_for_push (source_registry_url, orig_name_space, orig_image_name, platform, push_status, add_time)
        values ('docker.io', 'library', 'alpine:3', 'linux/amd64', 0, '${longAgo}')`);
      const older = await stores.measures.oldestPendingSeconds();
      await sql('update images_for_push set push_status = 3');

      expect(requested).toBeGreaterThanOrEqual(3_600);
      expect(requested).toBeLessThan(3_700);
      expect(older).toBeGreaterThanOrEqual(7_199);
      expect(older).toBeLessThan(7_300);
      expect(await stores.measures.oldestPendingSeconds()).toBe(0);
    });

    test('a target is down from an attempt that did not reach it until the next one that does', async () => {
      const { stores } = use();
      await addAll(use(), ['nginx:1.27', 'redis:7']);
      const atFirst = await stores.measures.targetsUp(both);
      await syncImage(stores, nginx, {
        targets: [pushed('aliyun', 'nginx:1.27'), notPushed('private', 'retrying', 'no')],
      });
      const away = await stores.measures.targetsUp(both);
      await tick();
      await syncImage(stores, redis, { targets: [pushed('aliyun', 'redis:7'), pushed('private', 'redis:7')] });

      const back = await stores.measures.targetsUp(both);

      const standings = [atFirst, away, back].map((list) => list.map(({ isUp }) => isUp));
      expect(standings).toEqual([
        [true, true],
        [true, false],
        [true, true],
      ]);
    });

    test('an image that a target refuses does not make the target count as down', async () => {
      const { stores } = use();
      await addAll(use(), ['nginx:1.27']);
      await syncImage(stores, nginx, { targets: [notPushed('aliyun', 'blocked', 'denied'), pushed('private', 'n:1')] });

      expect(await stores.measures.targetsUp(both)).toEqual(both.map((target) => ({ target, isUp: true })));
    });

    test('drift is what any audit found on each target, until it is right again or no longer wanted', async () => {
      const { stores, sql } = use();
      await addAll(use(), ['nginx:1.27', 'redis:7']);
      for (const [image, name] of [
        [nginx, 'nginx:1.27'],
        [redis, 'redis:7'],
      ] as const) {
        await syncImage(stores, image, { targets: both.map((target) => pushed(target, name)) });
      }
      const audit = async (id: string, target: string, lost: readonly string[]): Promise<void> => {
        await stores.audits.begin({ id, who: 'test', scope: { deep: false, targets: [target] } });
        const copies = await stores.audits.copies({ targets: [target], limit: 10 });
        const drift = { kind: 'lost', reason: 'gone' } as const;
        const checked = copies.map((copy) => ({
          copy,
          isDeep: false,
          ...(lost.includes(copy.image) ? { drift } : {}),
        }));
        await stores.audits.record(id, checked, 'report');
        const counts = { deep: 0, lost: 0, changed: 0, incomplete: 0, notChecked: 0, requests: 0 };
        const targets = [{ ...counts, target, checked: copies.length }];
        await stores.audits.finish(id, { summary: { targets, notChecked: [], healing: 0 } });
      };
      const before = await stores.measures.drift(both);
      await audit('audit-1', 'aliyun', [nginx, redis]);
      const first = await stores.measures.drift(both);
      await audit('audit-2', 'private', []);
      const second = await stores.measures.drift(both);
      await stores.actions.remove(redis);
      const removed = await stores.measures.drift(both);
      await audit('audit-3', 'aliyun', []);

      expect(before).toBeUndefined();
      expect(first).toEqual([{ target: 'aliyun', images: 2 }]);
      expect(second).toEqual([
        { target: 'aliyun', images: 2 },
        { target: 'private', images: 0 },
      ]);
      expect(removed).toMatchObject([{ target: 'aliyun', images: 1 }, {}]);
      expect(await stores.measures.drift(both)).toMatchObject([{ target: 'aliyun', images: 0 }, {}]);
      await sql('delete from audits');
      expect(await stores.measures.drift(both)).toBeUndefined();
    });

    test('what is recorded is reported after its transaction, and runs with their duration', async () => {
      const outcomes: string[] = [];
      const durations: number[] = [];
      const stores = createStores(use().database, {
        onOutcomes: (some) => outcomes.push(...some.map(({ image }) => image)),
        onRunFinished: (durationMs) => durations.push(durationMs),
      });
      await addAll({ ...use(), stores }, ['nginx:1.27']);

      await syncImage(stores, nginx, { targets: [pushed('aliyun', 'nginx:1.27'), pushed('private', 'nginx:1.27')] });
      await use().sql(`update runs set started_at = started_at - 60000`);
      await stores.runs.finish({ id: 'run-1', summary: {} });

      expect(outcomes).toEqual([nginx]);
      expect(durations).toHaveLength(1);
      expect(durations[0]).toBeGreaterThanOrEqual(60_000);
      expect(durations[0]).toBeLessThan(70_000);
    });

    test('10,000 images in every state give as many series as 10, in less than 200 series', async () => {
      const fixture = use();
      await fixture.sql(manyRows);
      const read = standingReader(async (query) => await query(fixture.stores), both);
      const metrics = new FerryMetrics({ version: '1.2.3' });

      const standing = await read();
      const { text } = await metrics.page({ standing, isTemporalUp: true, queues: [] });

      const series = Object.keys(seriesOf(text));
      expect(Object.values(standing.images).reduce((sum, count) => sum + count, 0)).toBe(10_000);
      expect(standing.images).toMatchObject({ pending: 2_500, pushed: 2_500, blocked: 2_500, withdrawn: 2_500 });
      expect(series.length).toBeLessThanOrEqual(200);
      expect(text).not.toContain('app-');
    });
  });
}

/** The clock of the database has milliseconds: what comes later must have another one. */
async function tick(): Promise<void> {
  const now = Date.now();
  while (Date.now() < now + 5) await new Promise(setImmediate);
}

const digits =
  '(select 0 as d union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9)';
const manyRows = `insert into images_for_push (source_registry_url, orig_name_space, orig_image_name, platform, push_status,
    ferry_status, image, verified_at)
  select 'ghcr.io', 'org', 'app-' , 'linux/amd64', n % 4, n % 4, 'ghcr.io/org/app-', 1
  from (select a.d + 10 * b.d + 100 * c.d + 1000 * e.d as n
    from ${digits} a cross join ${digits} b cross join ${digits} c cross join ${digits} e) numbers`;
