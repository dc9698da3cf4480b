import { sql } from 'kysely';
import type { CompiledQuery } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Queries } from '../../src/database/dialect-differences.js';
import { openDatabase, inTransaction } from '../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { countHeld } from '../../src/database/status-counts.js';
import { createStores } from '../../src/database/stores.js';
import type { Stores } from '../../src/database/stores.js';
import type { DatabaseSettings } from '../../src/domain/database-settings.js';
import type { NotificationSettings } from '../../src/domain/notifications/settings.js';
import { beforeFirstRow } from '../../src/domain/wanted-image.js';
import { planNotifications } from '../../src/notifications/plan-notifications.js';
import type { DatabasePlace, Row } from '../support/database-locations.js';
import { fillLargeTables, largeTables, pendingRows } from './large-tables.js';
import { imageRequest, notPushed, pushed, syncImage, targets } from './store-fixture.js';
import type { PlaceOf } from './store-fixture.js';

const image = 'ghcr.io/org/app-777:1';
const pending = 'ghcr.io/org/app-701:1';
const notificationSettings: NotificationSettings = {
  channels: [
    {
      name: 'ops',
      kind: 'webhook',
      language: 'en',
      kinds: ['blocked', 'run', 'release'],
      timezone: 'UTC',
      limits: [],
      host: 'hooks.example.com',
      address: () => 'https://hooks.example.com',
    },
  ],
  patience: { groupMs: 0, retryingMs: 0, targetMs: 0 },
  silentMs: 0,
};
const digests = Array.from({ length: 40 }, (_, number) => `sha256:${number}`);
/** More than the pages of a look and than all pending rows, and far below 100,000. */
const manyRows = 3 * pendingRows;

/** Everything that a run reads and writes, once and for each image. */
const work: Readonly<Record<string, (stores: Stores, queries: Queries) => Promise<unknown>>> = {
  'the begin of a run': ({ runs }) => runs.begin({ id: 'run', reasons: [] }),
  'the look for rows to normalize': ({ wanted }) => wanted.normalizeRows('changed'),
  'the first look for pending images': ({ wanted }) =>
    wanted.pendingImages({ since: 5_000, limit: 200, after: beforeFirstRow }),
  'a later look for pending images': ({ wanted }) => wanted.pendingImages({ since: 5_000, limit: 200, after: 50_000 }),
  'the last look for pending images': ({ wanted }) =>
    wanted.pendingImages({ since: 0, limit: 200, after: beforeFirstRow }),
  'the look for rows that were marked as pushed': ({ pushed: copies }) =>
    copies.claimedRows({ targets, after: beforeFirstRow, limit: 500 }),
  'the look for images of older scripts': ({ pushed: copies }) =>
    copies.adoptionCandidates({ targets, after: beforeFirstRow, limit: 500 }),
  'a page of tags to check': ({ tags }) =>
    tags.pushedTags({ before: 200_000, after: beforeFirstRow, limit: 500, matches: () => true }),
  'a tag that did not move': ({ tags }) => tags.unmoved([{ image, digest: 'sha256:1' }]),
  'a tag that moved': ({ tags }) => tags.moved([image]),
  'a tag of an adopted image': ({ tags }) => tags.adoptedTags([image]),
  'images that share a tag': ({ wanted }) => wanted.imagesSharingTag(image),
  'the review of images that share a tag': ({ wanted }) => wanted.reviewPushed([image]),
  'the rows of an image': ({ wanted }) => wanted.wantedRows(pending),
  'a copy of an older script': ({ pushed: copies }) =>
    copies.adoptionCandidates({ targets, after: beforeFirstRow, limit: 1, image: pending }),
  'known copies': ({ pushed: copies }) => copies.knownCopies(image),
  holdings: ({ pushed: copies }) => copies.holdings(pending, targets),
  'names on targets': async ({ names }) => {
    await names.ownedBy('ghcr.io/org/app-77', 'aliyun.example.com');
    await names.ownerOf('aliyun.example.com/mirror/app-77');
  },
  'locations of blobs': ({ blobs }) => blobs.known('aliyun.example.com', digests),
  'a new request': ({ wanted }) => wanted.addWanted([imageRequest('ghcr.io/new/app:1')]),
  'a repeated request': ({ wanted }) => wanted.addWanted([imageRequest(image)]),
  'an outcome': (stores) =>
    syncImage(stores, pending, { targets: [pushed('aliyun', 'app-701:1'), pushed('private', 'app-701:1')] }),
  'plans of many images, and their outcomes': async (stores) => {
    const names = Array.from({ length: 100 }, (_, number) => `app-${number}:1`);
    const images = names.map((name) => `ghcr.io/many/${name}`);
    for (const run of ['run', 'run-1']) {
      await stores.wanted.addWanted(images.map((name) => imageRequest(name)));
      const { wanted } = await stores.reads.read(images, targets);
      const records = [];
      for (const [number, one] of images.entries()) {
        const { rows, readAt } = await wanted.wantedRows(one);
        const there = targets.map(({ name }) => pushed(name, `many/${names[number] ?? ''}`));
        const blank = { missingPlatforms: [], bytesRead: 0, rows: rows.map(({ id }) => id) };
        records.push({ outcome: { ...blank, image: one, targets: there }, readAt });
      }
      await stores.pushed.recordOutcomes(records, { targets, run });
    }
  },
  'a page of an audit': async ({ audits }) => {
    await audits.copies({ targets: ['aliyun', 'private'], limit: 200 });
    await audits.copies({ targets: ['aliyun'], limit: 200, after: { image, target: 'aliyun' } });
  },
  'the tags that rollbacks hold': async ({ rollbacks }, queries) => {
    await rollbacks.held();
    await countHeld(queries);
  },
  'the drift on each target': ({ measures }) => measures.drift(['aliyun', 'private']),
  'the last release of an upstream': ({ overview }) => overview.release('dify'),
  'the notifications of what has changed': async (stores) => {
    const plan = async () =>
      await planNotifications(stores.notificationPlans, { settings: notificationSettings, targets: ['aliyun'] });
    await stores.runs.begin({ id: 'run-2', reasons: [] });
    await stores.wanted.addWanted([imageRequest('ghcr.io/new/app:2')]);
    const failed = notPushed('aliyun', 'blocked', 'target aliyun: denied');
    await syncImage(stores, 'ghcr.io/new/app:2', { targets: [failed] });
    await stores.runs.finish({ id: 'run-2', summary: { blocked: 1 } });
    await stores.states.save('dify', { release: '7', fingerprint: 'f' });
    await plan();
    await stores.actions.remove('ghcr.io/new/app:2');
    await plan();
  },
  'a retry': ({ actions }) => actions.retry(image),
  'a removal': ({ actions }) => actions.remove(image),
  'the status of an image': ({ status }) => status.status(image),
  'a list of pending images': ({ status }) => status.listWanted('pending', { limit: 100 }),
  'a list of waiting images': ({ status }) => status.listWanted('waiting', { limit: 100 }),
  'the age of the oldest pending image': ({ measures }) => measures.oldestPendingSeconds(),
  'the targets that answer': ({ measures }) => measures.targetsUp(['aliyun', 'private']),
  'the end of a run': ({ runs }) => runs.finish({ id: 'run', summary: {} }),
};

/** The queries of a run must not become slower with every image in the database. */
export function indexSuite(placeOf: PlaceOf): void {
  describe('statements among 100,000 images', () => {
    let place: DatabasePlace;
    let settings: DatabaseSettings;
    let database: FerryDatabase;

    beforeAll(async () => {
      place = placeOf();
      settings = place.fresh();
      database = await openDatabase(settings);
      await migrate(database);
      await fillLargeTables(async (script) => await place.run(settings, script), place.kind);
    }, 60_000);

    afterAll(async () => await database.close());

    test.each(Object.entries(work))('the statements of %s read only the rows that they need', async (_, job) => {
      const statements = await recorded(database, job);

      const faults: string[] = [];
      for (const statement of statements) {
        faults.push(...(place.kind === 'mysql' ? await mysqlFaults(statement) : await sqliteFaults(statement)));
      }

      expect(statements.length).toBeGreaterThan(0);
      expect(faults).toEqual([]);
    });

    /** What the plan says, and for a query how many rows it really reads. */
    async function mysqlFaults(statement: CompiledQuery): Promise<readonly string[]> {
      const steps = await database.queries.executeQuery<Row>({ ...statement, sql: `explain ${statement.sql}` });
      const isSlow = (row: Row): boolean =>
        ['ALL', 'index'].includes(String(row['type'])) ||
        (/filesort|temporary/i.test(String(row['Extra'])) && Number(row['rows']) > pendingRows);
      const slow = steps.rows.filter((row) => largeTables.includes(String(row['table'])) && isSlow(row));
      const read = await rowsRead(statement);
      return [
        ...slow.map((row) => `${statement.sql}: ${JSON.stringify(row)}`),
        ...(read > manyRows ? [`${statement.sql}: reads ${read} rows`] : []),
      ];
    }

    async function rowsRead(statement: CompiledQuery): Promise<number> {
      if (!/^\s*select /i.test(statement.sql)) return 0;
      return await database.queries.connection().execute(async (connection) => {
        const count = async (): Promise<number> => {
          const { rows } = await sql<Row>`show session status like 'Handler_read%'`.execute(connection);
          return rows.reduce((sum, row) => sum + Number(row['Value']), 0);
        };
        const before = await count();
        const counting = (await count()) - before;
        await connection.executeQuery(statement);
        return (await count()) - before - 2 * counting;
      });
    }

    /** SQLite says how it looks, not for how many: a whole table, a sorted range of IDs, or all rows but duplicates are many. */
    async function sqliteFaults(statement: CompiledQuery): Promise<readonly string[]> {
      const rows = await place.query(settings, `explain query plan ${statement.sql}`);
      const details = rows.map((row) => String(row['detail']));
      const isSorted = details.some((detail) => detail.startsWith('USE TEMP B-TREE'));
      const slow = details.filter((detail) => {
        const [, table = ''] = /^(?:SCAN|SEARCH) (\S+)/.exec(detail) ?? [];
        if (!largeTables.includes(table)) return false;
        const isOfNearlyAll = /idx_duplicate_of /.test(detail) && /duplicate_of" is null/.test(statement.sql);
        const isWhole = /^SCAN| PRIMARY KEY \(rowid[<>]/.test(detail) || isOfNearlyAll;
        return isWhole || (isSorted && /idx_push_status|idx_copy_target_state/.test(detail));
      });
      return slow.map((detail) => `${statement.sql}: ${detail}`);
    }
  });
}

/** Queries, updates and deletes of a job. */
async function recorded(
  database: FerryDatabase,
  job: (stores: Stores, queries: Queries) => Promise<unknown>,
): Promise<readonly CompiledQuery[]> {
  const statements: CompiledQuery[] = [];
  const queries = database.queries.withPlugin({
    transformQuery: ({ node, queryId }) => {
      statements.push(database.queries.getExecutor().compileQuery(node, queryId));
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const stores = createStores({ ...database, queries, transaction: (inside) => inTransaction(queries, inside) });
  await job(stores, queries);
  return statements.filter(({ sql: text }) => /^\s*(select|update|delete) /i.test(text));
}
