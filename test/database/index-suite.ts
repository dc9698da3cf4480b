import type { CompiledQuery } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';

import { inTransaction } from '../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../src/database/ferry-database.js';
import { createStores } from '../../src/database/stores.js';
import type { Stores } from '../../src/database/stores.js';
import { beforeFirstRow } from '../../src/domain/wanted-image.js';
import type { Row } from '../support/database-locations.js';
import { eachWithStores, pushed, syncImage, targets, imageRequest } from './store-fixture.js';
import type { Fixture, PlaceOf } from './store-fixture.js';

const image = 'ghcr.io/org/app-77:1';
/** More than belong to one image, and fewer than all 1,000. */
const few = 50;

/** The queries for each image of a run must not become slower with every image in the database. */
export function indexSuite(placeOf: PlaceOf): void {
  describe('statements for one image among many', () => {
    const use = eachWithStores(placeOf);

    beforeEach(async () => {
      const { database, stores, sql: run } = use();
      const names = Array.from({ length: 1_000 }, (_, number) => `ghcr.io/org/app-${number}:1`);
      await stores.wanted.addWanted(names.map((name) => imageRequest(name)));
      const { insertAbsent } = database.dialect;
      const numbered = names.map((name, number) => ({ name, number }));
      const copies = numbered.map(({ name }) => ({
        image: name,
        target: 'aliyun',
        state: 'pushed',
        attempts: 1,
        last_tried_at: 1,
      }));
      await insertAbsent(database.queries, 'image_copies', copies, ['image', 'target']);
      const blobs = numbered.map(({ name, number }) => ({
        registry: 'h',
        digest: `sha256:${number}`,
        repository: name,
        seen_at: 1,
      }));
      await insertAbsent(database.queries, 'blob_locations', blobs, ['registry', 'digest', 'repository']);
      const claims = numbered.map(({ name }) => ({
        target_repository: `h/${name}`,
        target_registry: 'h',
        source_repository: name,
        claimed_at: 1,
      }));
      await insertAbsent(database.queries, 'target_names', claims, ['target_repository']);
      if (placeOf().kind === 'mysql')
        await run('analyze table images_for_push, image_copies, blob_locations, target_names');
    });

    test.each([
      ['of a pushed one', 1, ({ tags }: Stores) => tags.unmoved(image, 'sha256:1')],
      ['of one that moved', 1, ({ tags }: Stores) => tags.moved(image)],
      ['of one that shares its tag', 1, ({ wanted }: Stores) => wanted.reviewPushed([image])],
      ['that look for such', 1, ({ wanted }: Stores) => wanted.imagesSharingTag(image)],
      ['that look whether there is something to adopt', 1, ({ wanted }: Stores) => wanted.normalizeRows()],
      [
        'of a pending one',
        0,
        async (stores: Stores) => {
          await stores.pushed.adoptionCandidates({ targets, after: beforeFirstRow, limit: 1, image });
          await stores.pushed.knownCopies(image);
          await stores.names.ownedBy('ghcr.io/org/app-77', 'h');
          await stores.blobs.known('h', ['sha256:77']);
          await syncImage(stores, image, { targets: [pushed('aliyun', 'app-77:1'), pushed('private', 'app-77:1')] });
        },
      ],
    ] as const)(
      'statements for one image (%s) read only a few rows',
      async (_, status, work: (stores: Stores) => Promise<unknown>) => {
        const { database, sql: run } = use();
        await run(`update images_for_push set push_status = ${status}, ferry_status = ${status}`);
        const statements = await recorded(use(), work);

        const long = [];
        for (const statement of statements) long.push(...(await longReads(database, statement)));

        expect(statements.length).toBeGreaterThan(0);
        expect(long).toEqual([]);
      },
    );
  });
}

async function recorded({ database }: Fixture, work: (stores: Stores) => Promise<unknown>): Promise<CompiledQuery[]> {
  const statements: CompiledQuery[] = [];
  const queries = database.queries.withPlugin({
    transformQuery: ({ node, queryId }) => {
      statements.push(database.queries.getExecutor().compileQuery(node, queryId));
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  await work(createStores({ ...database, queries, transaction: (inside) => inTransaction(queries, inside) }));
  // Rows that other programs reset are looked for among all of one status: of those there are few.
  return statements.filter(
    ({ sql: text }) => /^(select|update|delete) /i.test(text) && !/ferry_status.{1,3}is null/.test(text),
  );
}

/** Steps of a statement's plan that read many rows. */
async function longReads({ queries, dialect }: FerryDatabase, statement: CompiledQuery): Promise<readonly string[]> {
  const isMysql = dialect.kind === 'mysql';
  const explain = `explain ${isMysql ? '' : 'query plan '}${statement.sql}`;
  const { rows } = await queries.executeQuery<Row>({ ...statement, sql: explain });
  const long = rows.filter((row) => (isMysql ? Number(row['rows'] ?? 0) > few : isLongRead(String(row['detail']))));
  return long.map((row) => `${statement.sql}: ${JSON.stringify(row)}`);
}

/** SQLite tells how it looks, not for how many: whole tables, a range of ids, or all rows of a status are many. */
function isLongRead(detail: string): boolean {
  return /^SCAN (?!pragma)|PRIMARY KEY \(rowid>|idx_push_status/.test(detail);
}
