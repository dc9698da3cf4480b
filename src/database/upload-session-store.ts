import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { parseUploadRecord } from '@image-ferry/registry/upload-records';
import type { UploadKey, UploadRecord } from '@image-ferry/registry/upload-records';

import { PushStatus } from '../domain/wanted-image.js';
import type { FerryDatabase } from './ferry-database.js';
import { readJsonColumn } from './json-column.js';
import type { UploadSessionsTable } from './tables.js';

/** Registries keep an upload for two hours to a week; after a day the line, or the image, has most likely been given up. */
const wantedForMs = 24 * 60 * 60 * 1_000;
/** A copy that is in flight saves its uploads more often than this. */
const inFlightMs = 10 * 60 * 1_000;

/** Short beside the time in which the uploads in flight advance. */
const gatheredMs = 20;

/** Uploads that were not finished, from which any worker can continue. */
export class UploadSessionStore {
  readonly #database: FerryDatabase;
  readonly #unsaved = new Map<string, UploadRecord>();
  #saving: Promise<void> | undefined;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /**
   * The upload of this key, which stays recorded: should this process die at once, the next one continues. An image is
   * copied by one workflow at a time. Of two that took the same upload the registry refuses one, because it takes bytes
   * only at the offset that it has. A row that is not an upload is deleted.
   */
  async take(key: UploadKey): Promise<UploadRecord | undefined> {
    const select = this.#database.queries.selectFrom('upload_sessions').selectAll();
    const row = await select.where('upload_key', '=', rowKey(key)).executeTakeFirst();
    if (row === undefined) return undefined;
    const record = recordOf(row);
    if (record === undefined) await this.#delete(row.upload_key);
    return record;
  }

  /** Records that are saved within a moment are written by one statement. */
  async save(record: UploadRecord): Promise<void> {
    this.#unsaved.set(rowKey(record), record);
    this.#saving ??= this.#saveAll();
    await this.#saving;
  }

  async remove(key: UploadKey): Promise<void> {
    await this.#delete(rowKey(key));
  }

  /**
   * Uploads that no copy will continue: they are older than a day, or their image is pushed, withdrawn or removed. The
   * oldest first. Rows that are not uploads are deleted.
   *
   * @param limit how many at most
   */
  async unwanted(limit: number): Promise<readonly UploadRecord[]> {
    const { dialect, queries } = this.#database;
    const now = await dialect.now(queries);
    const rows = await queries
      .selectFrom('upload_sessions as upload')
      .selectAll('upload')
      .where(({ and, eb, exists, not, or, selectFrom }) => {
        const copies = selectFrom('image_copies as copy').whereRef('copy.reference', '=', 'upload.reference');
        const wanted = copies
          .innerJoin('images_for_push as row', 'row.image', 'copy.image')
          .where((row) =>
            row.or([
              row('row.push_status', 'is', null),
              row('row.push_status', 'not in', [PushStatus.pushed, PushStatus.withdrawn]),
            ]),
          );
        return or([
          eb('upload.saved_at', '<', now - wantedForMs),
          and([
            eb('upload.saved_at', '<', now - inFlightMs),
            exists(copies.select('copy.image')),
            not(exists(wanted.select('copy.image'))),
          ]),
        ]);
      })
      .orderBy('upload.saved_at')
      .limit(limit)
      .execute();
    const records: UploadRecord[] = [];
    for (const row of rows) {
      const record = recordOf(row);
      if (record === undefined) await this.#delete(row.upload_key);
      else records.push(record);
    }
    return records;
  }

  async #saveAll(): Promise<void> {
    await sleep(gatheredMs);
    this.#saving = undefined;
    const records = [...this.#unsaved];
    this.#unsaved.clear();
    const { dialect, queries } = this.#database;
    const rows = records.map(([key, record]) => {
      const { registry, repository, tag, digest, location, foreign, size, offset, hashes } = record;
      return {
        upload_key: key,
        registry,
        repository,
        tag,
        digest,
        reference: `${registry}/${repository}:${tag}`,
        location,
        is_foreign: foreign ? 1 : 0,
        size,
        confirmed: offset,
        hashes: JSON.stringify(hashes),
        saved_at: dialect.clock(),
      };
    });
    await dialect.upsert(queries, 'upload_sessions', rows, ['upload_key']);
  }

  async #delete(key: string): Promise<void> {
    await this.#database.queries.deleteFrom('upload_sessions').where('upload_key', '=', key).execute();
  }
}

function recordOf(row: UploadSessionsTable): UploadRecord | undefined {
  return parseUploadRecord({
    ...row,
    foreign: row.is_foreign !== 0,
    offset: row.confirmed,
    hashes: readJsonColumn(row.hashes),
  });
}

function rowKey({ registry, repository, tag, digest }: UploadKey): string {
  return createHash('sha256').update([registry, repository, tag, digest].join('\n')).digest('hex');
}
