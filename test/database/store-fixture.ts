import type { Digest } from '@image-ferry/registry/digest';
import { parseImageReference } from '@image-ferry/registry/reference';
import type { UploadRecord } from '@image-ferry/registry/upload-records';
import { afterEach, beforeEach } from 'vitest';

import { openDatabase } from '../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import type { Stores } from '../../src/database/stores.js';
import type { DatabaseSettings } from '../../src/domain/database-settings.js';
import { NamingScheme } from '../../src/domain/target.js';
import type { Target } from '../../src/domain/target.js';
import { beforeFirstRow } from '../../src/domain/wanted-image.js';
import type { ImageOutcome, RequestedBy, TargetOutcome, WantedRequest } from '../../src/domain/wanted-image.js';
import type { DatabasePlace, Row } from '../support/database-locations.js';

/** Gives each test of a suite its place; made when the tests run, not when they are collected. */
export type PlaceOf = () => DatabasePlace;

/** An empty, migrated database for each test. */
export interface Fixture {
  readonly settings: DatabaseSettings;
  readonly database: FerryDatabase;
  readonly stores: Stores;
  /** Statements as another program would send them. */
  sql(statements: string): Promise<void>;
  rows(query: string): Promise<Row[]>;
}

export function eachWithStores(placeOf: PlaceOf): () => Fixture {
  let fixture: Fixture | undefined;
  beforeEach(async () => {
    const place = placeOf();
    const settings = place.fresh();
    const database = await openDatabase(settings);
    await migrate(database);
    fixture = {
      settings,
      database,
      stores: createStores(database),
      sql: async (statements) => await place.run(settings, statements),
      rows: async (query) => await place.query(settings, query),
    };
  });
  afterEach(async () => {
    await fixture?.database.close();
    fixture = undefined;
  });
  return () => {
    if (fixture === undefined) throw new Error('there is a fixture only while a test runs');
    return fixture;
  };
}

export const sourceDigest = `sha256:${'c'.repeat(64)}`;

export function target(name: string): Target {
  return {
    name,
    registry: `${name}.example.com`,
    namespace: 'mirror',
    naming: NamingScheme.aliyun,
    manifestPolicy: 'keep',
    explicitNames: {},
  };
}

export const targets: readonly Target[] = [target('aliyun'), target('private')];

export function imageRequest(image: string, platform = 'linux/amd64', by: RequestedBy['by'] = 'cli'): WantedRequest {
  return { reference: parseImageReference(image), platform, requestedBy: { by } };
}

export function pushed(name: string, tag: string, platforms: readonly string[] = ['linux/amd64']): TargetOutcome {
  return {
    target: name,
    state: 'pushed',
    reference: `${name}.example.com/mirror/${tag}`,
    digest: `sha256:${'a'.repeat(64)}`,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    platforms: platforms.map((platform, position) => ({
      platform,
      digest: `sha256:${String(position).repeat(64)}`,
      size: 50 * 1024 * 1024,
    })),
    dropped: [],
    uploadedBlobs: 3,
    mountedBlobs: 0,
    skippedBlobs: 0,
    bytesSent: 1_000,
  };
}

export function notPushed(name: string, state: 'waiting' | 'retrying' | 'blocked', reason: string): TargetOutcome {
  const code = { waiting: 'rate-limited', retrying: 'unreachable', blocked: 'denied' } as const;
  return { target: name, state, code: code[state], reason };
}

/** An upload of a layer of `mirror/nginx:latest` that was not finished. */
export function uploadOf(digest: Digest, changes: Partial<UploadRecord> = {}): UploadRecord {
  return {
    registry: 'aliyun.example.com',
    repository: 'mirror/nginx',
    tag: 'latest',
    digest,
    size: 200_000_000,
    location: 'https://aliyun.example.com/v2/mirror/nginx/blobs/uploads/1?_state=secret',
    foreign: false,
    offset: 100_000_000,
    hashes: [
      { offset: 90_000_000, state: 'AQEB' },
      { offset: 100_000_000, state: 'AQEC' },
    ],
    ...changes,
  };
}

/** Pending images in the order in which a run takes them. */
export async function pendingIn(
  { wanted }: Stores,
  query: { readonly since: number; readonly limit: number },
): Promise<readonly { readonly image: string; readonly explicit: boolean }[]> {
  const { asked, discovered } = await wanted.pendingImages({ ...query, after: beforeFirstRow });
  return [
    ...asked.map((image) => ({ image, explicit: true })),
    ...discovered.map((image) => ({ image, explicit: false })),
  ];
}

/** What a `SyncImage` does to the database: reads the rows of an image, and records what became of it. */
export async function syncImage(
  { wanted, pushed: pushedImages }: Stores,
  image: string,
  outcome: Partial<ImageOutcome>,
  { run = 'run-1', configured = targets, meanwhile = async () => {} }: SyncOptions = {},
): Promise<void> {
  const { rows, readAt } = await wanted.wantedRows(image);
  await meanwhile();
  await pushedImages.recordOutcome(
    {
      image,
      sourceDigest,
      rows: rows.map(({ id }) => id),
      targets: [],
      missingPlatforms: [],
      bytesRead: 5_000,
      ...outcome,
    },
    // A request in the same millisecond in which the rows were read would count as a later one.
    { targets: configured, run, readAt: readAt + 1 },
  );
}

export interface SyncOptions {
  readonly run?: string;
  readonly configured?: readonly Target[];
  /** What happens between the reading and the recording. */
  readonly meanwhile?: () => Promise<void>;
}
