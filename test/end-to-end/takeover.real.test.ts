import { createConnection } from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { pushImage } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import { startRegistry } from '../../demo/registry-server.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import type { SyncAllResult } from '../../src/contract/sync-messages.js';
import { aliyunHost, legacyRows, legacySchema, privateHost } from '../database/legacy-rows.js';
import { makeFerryStage } from '../support/ferry-stage.js';
import type { FerryStage } from '../support/ferry-stage.js';
import { startMariaDb } from '../support/mariadb-server.js';
import type { MariaDbServer } from '../support/mariadb-server.js';

const rows = 1_000;
const database = 'images_of_the_scripts';
const pushesAtOnce = 16;

let server: MariaDbServer;
let sql: Connection;
let aliyun: RegistryServer;
let own: RegistryServer;
let stage: FerryStage;

beforeEach(async () => {
  server = await startMariaDb();
  const { host, port, user, password } = server;
  sql = await createConnection({ host, port, user, password, multipleStatements: true });
  await sql.query(`create database ${database} character set utf8mb4; use ${database}`);
  aliyun = await startRegistry({ kind: 'docker-registry' });
  own = await startRegistry({ kind: 'distribution' });
  stage = makeFerryStage({
    configuration: {},
    environment: {
      MYSQL_HOST: host,
      MYSQL_PORT: String(port),
      MYSQL_USER: user,
      MYSQL_PASSWORD: password,
      MYSQL_DB: database,
      ALIYUN_REGISTRY: aliyun.url,
      ALIYUN_NAME_SPACE: 'mirror',
      MY_REGISTRY: own.url,
      // Whether `latest` is still right only its source knows, and no source is asked here.
      FERRY_MUTABLE_TAGS: 'none',
    },
  });
});
afterEach(async () => {
  await stage.clear();
  await sql.end();
  await Promise.all([server.stop(), aliyun.stop(), own.stop()]);
});

test(
  'a database of the older scripts is taken over: every row pushed, no source asked, no name changed, twice the same',
  { timeout: 240_000 },
  async () => {
    const { script } = legacyRows(rows);
    await sql.query(legacySchema('mysql'));
    await sql.query(script.replaceAll(aliyunHost, aliyun.host).replaceAll(privateHost, own.host));
    const before = await names();
    await putOnTargets();

    const summary = await stage.ask<SyncAllResult>('up', '--until-idle');
    const first = await dump();
    const again = await stage.ferry('migrate');
    const second = await dump();

    expect(await column('select distinct push_status as value from images_for_push')).toEqual([1]);
    expect(await column('select count(*) as value from images_for_push')).toEqual([rows]);
    expect(await names()).toEqual(before);
    expect(summary).toMatchObject({ retrying: 0, blocked: 0, waiting: 0, notDone: [] });
    for (const registry of [aliyun, own]) {
      const moved = (await registry.requests()).filter(({ method }) => method !== 'HEAD' && method !== 'GET');
      expect(moved).toEqual([]);
    }
    expect(again).toMatchObject({
      status: 0,
      output: expect.stringContaining('The tables are up to date.\n') as string,
    });
    expect(second).toEqual(first);
  },
);

async function column(query: string): Promise<unknown[]> {
  const [found] = await sql.query<RowDataPacket[]>(query);
  return found.map((row) => row['value'] as unknown);
}

async function names(): Promise<string[]> {
  return (await column('select registry_image_name as value from pushed_images order by id')) as string[];
}

/** What the scripts left there: under every name one small image of the row's platform. */
async function putOnTargets(): Promise<void> {
  const [amd64, arm64] = await Promise.all([
    makeImage({ name: 'legacy', layers: [100], format: 'docker' }),
    makeImage({ name: 'legacy', layers: [100], format: 'docker', platform: 'linux/arm64' }),
  ]);
  const [queue] = await sql.query<RowDataPacket[]>('select registry_image_name as name, platform from pushed_images');
  await Promise.all(
    Array.from({ length: pushesAtOnce }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { name, platform } = next as { name: string; platform: string | null };
        const registry = name.startsWith(`${aliyun.host}/`) ? aliyun : own;
        const path = name.slice(registry.host.length + 1);
        const colon = path.lastIndexOf(':');
        const [repository, tag] = colon < 0 ? [path, 'latest'] : [path.slice(0, colon), path.slice(colon + 1)];
        await pushImage(registry, { image: platform?.startsWith('linux/arm64') ? arm64 : amd64, repository, tag });
      }
    }),
  );
}

/** Every table with every row, but for what tells the time of the last look. */
async function dump(): Promise<Record<string, unknown>> {
  const tables = (await column(
    `select table_name as value from information_schema.tables where table_schema = '${database}' order by table_name`,
  )) as string[];
  const content: Record<string, unknown> = {};
  for (const table of tables) {
    const [found] = await sql.query<RowDataPacket[]>(`select * from \`${table}\``);
    content[table] = found;
  }
  return content;
}
