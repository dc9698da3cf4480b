import { createConnection } from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { pushImage, readManifest } from '../../demo/image-exchange.js';
import { sha256 } from '../../demo/make-blob.js';
import { makeImage, makeIndex } from '../../demo/make-images.js';
import type { MadeManifest } from '../../demo/make-images.js';
import { startRegistry } from '../../demo/registry-server.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import type { SyncAllResult } from '../../src/contract/sync-messages.js';
import { makeFerryStage } from '../support/ferry-stage.js';
import { startMariaDb } from '../support/mariadb-server.js';
import type { MariaDbServer } from '../support/mariadb-server.js';
import { skopeoInspectRaw } from '../support/skopeo.js';

const imagesOfAForm = 140;
const atOnce = 16;
/** Of each habit this many images are read by skopeo, the others by the registry's API: a process for each costs a minute. */
const readBySkopeo = 2;

/** Two forms of the tables that public versions of the scripts made. */
const forms = {
  'sizes as text': {
    wanted: `orig_name_space varchar(255)`,
    pushed: `image_size varchar(50)`,
    size: `'12.34MB'`,
  },
  'sizes as numbers with a unit': {
    wanted: `orig_name_space varchar(255) default 'library'`,
    pushed: `image_size decimal(10,2), image_size_unit varchar(10) default 'MB'`,
    size: '12.34',
  },
} as const;

let server: MariaDbServer;
let sql: Connection;
let source: RegistryServer;
let aliyun: RegistryServer;
let own: RegistryServer;
let made: Record<'old' | 'now', { amd64: MadeManifest; index: MadeManifest }> & { lost: MadeManifest };

beforeAll(async () => {
  server = await startMariaDb();
  const { host, port, user, password } = server;
  sql = await createConnection({ host, port, user, password, multipleStatements: true });
  [source, aliyun, own] = await Promise.all([
    startRegistry({ kind: 'distribution' }),
    startRegistry({ kind: 'docker-registry' }),
    startRegistry({ kind: 'distribution' }),
  ]);
  made = { old: await twoPlatforms('old'), now: await twoPlatforms('now'), lost: await imageOf('lost') };
}, 60_000);
afterAll(async () => {
  await sql.end();
  await Promise.all([server.stop(), source.stop(), aliyun.stop(), own.stop()]);
});

/** What the scripts' habits left of an image. */
interface Left {
  /** The source's tag points to the last of these; it pointed to the others before. */
  readonly source: readonly MadeManifest[];
  readonly aliyun?: MadeManifest;
  readonly own?: MadeManifest;
  /** Rows: the platform, and the status. */
  readonly rows: readonly (readonly [platform: string, status: number])[];
  readonly tag?: string;
  readonly namespace?: string;
  /** What the script wrote for a digest. */
  readonly digest?: string;
  /** What both targets hold when the ferry has taken over. */
  readonly after: MadeManifest;
  /** Targets whose tag was right before, and stays as it is; of an image to which a platform is added it is part of it. */
  readonly right: readonly ('aliyun' | 'own')[];
}

function habits(): readonly Left[] {
  const { old, now, lost } = made;
  const amd64 = 'linux/amd64';
  return [
    // Pushed to both, and marked.
    {
      source: [old.index],
      aliyun: old.amd64,
      own: old.amd64,
      rows: [[amd64, 1]],
      after: old.amd64,
      right: ['aliyun', 'own'],
    },
    // Marked after the first target: the second one never saw it.
    { source: [old.index], aliyun: old.amd64, rows: [[amd64, 1]], after: old.amd64, right: ['aliyun'] },
    // Marked though pull and push had failed.
    { source: [old.index], rows: [[amd64, 1]], after: old.amd64, right: [] },
    // A second platform counts as pushed by its name alone.
    {
      source: [old.index],
      aliyun: old.amd64,
      own: old.amd64,
      rows: [
        [amd64, 1],
        ['linux/arm64', 1],
      ],
      after: old.index,
      right: ['aliyun', 'own'],
    },
    // Pushed to both, never marked.
    {
      source: [old.index],
      aliyun: old.amd64,
      own: old.amd64,
      rows: [[amd64, 0]],
      after: old.amd64,
      right: ['aliyun', 'own'],
    },
    // On one only, and the source's tag has moved since.
    { source: [old.index, now.index], own: old.amd64, rows: [[amd64, 0]], after: old.amd64, right: ['own'] },
    // On one only, and the source has it no more.
    { source: [now.index], aliyun: lost, rows: [[amd64, 1]], digest: '未知', after: lost, right: ['aliyun'] },
    // Without a namespace.
    {
      source: [old.index],
      aliyun: old.amd64,
      own: old.amd64,
      rows: [[amd64, 1]],
      namespace: '',
      after: old.amd64,
      right: ['aliyun', 'own'],
    },
    // A moving tag that is not what its source has now, and one that is.
    {
      source: [now.index],
      aliyun: old.amd64,
      own: old.amd64,
      rows: [[amd64, 1]],
      tag: 'latest',
      after: now.amd64,
      right: [],
    },
    {
      source: [now.index],
      aliyun: now.amd64,
      own: now.amd64,
      rows: [[amd64, 1]],
      tag: 'latest',
      after: now.amd64,
      right: ['aliyun', 'own'],
    },
  ];
}

test.each(Object.keys(forms) as (keyof typeof forms)[])(
  'a database of the scripts with %s: each state is what skopeo finds on both targets, and no tag that was right is overwritten',
  { timeout: 180_000 },
  async (form) => {
    const database = `scripts_${Object.keys(forms).indexOf(form)}`;
    const kinds = habits();
    const images = Array.from({ length: imagesOfAForm }, (_, n) =>
      imageNamed(n + 1_000 * Object.keys(forms).indexOf(form), kinds),
    );
    await sql.query(`create database ${database} character set utf8mb4; use ${database}; ${schemaOf(form)}`);
    await eachAtOnce(images, async (image) => await leave(image, forms[form].size));
    const stage = makeFerryStage({
      configuration: { hosts: { [source.host]: { scheme: 'http' } } },
      environment: {
        MYSQL_HOST: server.host,
        MYSQL_PORT: String(server.port),
        MYSQL_USER: server.user,
        MYSQL_PASSWORD: server.password,
        MYSQL_DB: database,
        ALIYUN_REGISTRY: aliyun.url,
        ALIYUN_NAME_SPACE: 'mirror',
        MY_REGISTRY: own.url,
      },
    });
    try {
      const migrated = await stage.ask<{ unverified: number }>('migrate');
      const summary = await stage.ask<SyncAllResult>('up', '--until-idle');
      const [rows] = await sql.query<RowDataPacket[]>(
        'select orig_image_name as name, push_status as status from images_for_push',
      );
      const wrong: string[] = [];
      const overwritten: string[] = [];
      await eachAtOnce([...images.entries()], async ([position, { name, left, places }]) => {
        const digestOn = position < readBySkopeo * kinds.length ? digestBySkopeo : digestByApi;
        const states = rows.filter((row) => row['name'] === name).map((row) => Number(row['status']));
        for (const target of ['aliyun', 'own'] as const) {
          const found = await digestOn(target === 'aliyun' ? aliyun : own, places[target], left.tag ?? '1');
          const isThere = found === left.after.digest;
          if (states.some((status) => (status === 1) !== isThere))
            wrong.push(`${name} on ${target}: ${states.join()} ${found ?? 'nothing'}`);
          const before = left[target];
          const isKept =
            found === before?.digest || left.after.children.some(({ digest }) => digest === before?.digest);
          if (left.right.includes(target) && !isKept) overwritten.push(`${name} on ${target}`);
        }
      });
      const ofEach = imagesOfAForm / kinds.length;

      process.stdout.write(
        `${form}: ${rows.length} rows, ${images.length} images; marked as pushed and looked for ${summary.takeover?.looked}, there ${summary.takeover?.there}, missing ${summary.takeover?.missing}; differences ${wrong.length}; right tags overwritten ${overwritten.length}\n`,
      );
      expect(migrated.unverified).toBe(9 * ofEach);
      expect(summary).toMatchObject({
        retrying: 0,
        blocked: 0,
        waiting: 0,
        takeover: { looked: 9 * ofEach, there: 5 * ofEach, missing: 4 * ofEach, unverified: 0 },
      });
      expect(wrong).toEqual([]);
      expect(overwritten).toEqual([]);
      expect(new Set(rows.map((row) => Number(row['status'])))).toEqual(new Set([1]));
    } finally {
      await stage.clear();
    }
  },
);

interface LeftImage {
  /** `orig_image_name` */
  readonly name: string;
  readonly left: Left;
  readonly places: Readonly<Record<'source' | 'aliyun' | 'own', string>>;
}

function imageNamed(n: number, kinds: readonly Left[]): LeftImage {
  const left = kinds[n % kinds.length];
  if (left === undefined) throw new Error('there are no habits');
  const { namespace = 'team', tag = '1' } = left;
  const prefix = namespace === '' ? '' : `${namespace}/`;
  return {
    name: `app${n}:${tag}`,
    left,
    places: {
      source: `${prefix}app${n}`,
      aliyun: `mirror/app${n}`,
      own: `${namespace === '' ? 'library' : namespace}/app${n}`,
    },
  };
}

/** Puts an image where the scripts left it, and the rows that they wrote. */
async function leave({ name, left, places }: LeftImage, size: string): Promise<void> {
  const { namespace = 'team', tag = '1' } = left;
  for (const image of left.source) await pushImage(source, { image, repository: places.source, tag });
  for (const [platform, status] of left.rows) {
    await sql.query(
      `insert into images_for_push (source_registry_url, orig_name_space, orig_image_name, platform, push_status) values (?, ?, ?, ?, ?)`,
      [source.host, namespace, name, platform, status],
    );
  }
  for (const [registry, target] of [
    [aliyun, 'aliyun'],
    [own, 'own'],
  ] as const) {
    const image = left[target];
    if (image === undefined) continue;
    await pushImage(registry, { image, repository: places[target], tag });
    await sql.query(
      `insert into pushed_images (source_registry_url, target_registry_url, orig_name_space, orig_image_name,
        targ_name_space, registry_image_name, push_status, image_size, digest, platform)
        values (?, ?, ?, ?, ?, ?, 1, ${size}, ?, 'linux/amd64')`,
      [
        source.host,
        registry.host,
        namespace,
        name,
        places[target].split('/')[0],
        `${registry.host}/${places[target]}:${tag}`,
        left.digest ?? image.digest,
      ],
    );
  }
}

function schemaOf(form: keyof typeof forms): string {
  const { wanted, pushed } = forms[form];
  return `create table images_for_push (id int auto_increment primary key,
      source_registry_url varchar(255) default 'docker.io', ${wanted}, orig_image_name varchar(255),
      add_time timestamp default current_timestamp, platform varchar(50) default 'linux/amd64',
      push_status tinyint default 0, index idx_push_status (push_status), index idx_orig_image_name (orig_image_name));
    create table pushed_images (id int auto_increment primary key, source_registry_url varchar(255) default 'docker.io',
      target_registry_url varchar(255), orig_name_space varchar(255), orig_image_name varchar(255),
      targ_name_space varchar(255), push_time timestamp default current_timestamp, registry_image_name varchar(512),
      push_status tinyint default 0, ${pushed}, digest varchar(255), platform varchar(50) default 'linux/amd64',
      unique index idx_registry_target_image (target_registry_url, registry_image_name),
      index idx_orig_image_name (orig_image_name))`;
}

type ReadDigest = (registry: RegistryServer, repository: string, reference: string) => Promise<string | undefined>;

const digestBySkopeo: ReadDigest = async (registry, repository, reference) => {
  try {
    return sha256(await skopeoInspectRaw({ registry, repository, reference }));
  } catch {
    return undefined;
  }
};

const digestByApi: ReadDigest = async (registry, repository, reference) =>
  (await readManifest(registry, repository, reference))?.digest;

async function twoPlatforms(name: string): Promise<{ amd64: MadeManifest; index: MadeManifest }> {
  const amd64 = await imageOf(name);
  const arm64 = await makeImage({ name, layers: [100], platform: 'linux/arm64', format: 'docker' });
  return { amd64, index: makeIndex([amd64, arm64], { format: 'docker' }) };
}

async function imageOf(name: string): Promise<MadeManifest> {
  return await makeImage({ name, layers: [100], format: 'docker' });
}

async function eachAtOnce<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const queue = [...all];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await work(next);
    }),
  );
}
