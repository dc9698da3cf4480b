import type { UploadKey, UploadRecord } from '@image-ferry/registry/upload-records';
import { expect, test } from 'vitest';

import { cancelUnwantedUploads } from '../../src/planning/unwanted-uploads.js';
import { uploadOf } from '../database/store-fixture.js';

/** Uploads that are recorded, and what their registries do with a cancellation. */
class RecordedUploads {
  readonly asked: string[] = [];
  readonly removed: string[] = [];
  readonly #records: readonly UploadRecord[];
  readonly #answer: (record: UploadRecord, signal: AbortSignal | undefined) => Promise<void>;

  constructor(
    records: readonly UploadRecord[],
    answer: (record: UploadRecord, signal: AbortSignal | undefined) => Promise<void> = async () => {},
  ) {
    this.#records = records;
    this.#answer = answer;
  }

  get ports() {
    return {
      uploads: {
        unwanted: async (limit: number) => this.#records.slice(0, limit),
        remove: async ({ repository }: UploadKey) => void this.removed.push(repository),
      },
      engine: {
        cancelUpload: async (record: UploadRecord, { signal }: { readonly signal?: AbortSignal } = {}) => {
          this.asked.push(record.repository);
          await this.#answer(record, signal);
        },
      },
    };
  }
}

function uploadsTo(registry: string, count: number): UploadRecord[] {
  return Array.from({ length: count }, (_, number) =>
    uploadOf(`sha256:${'1'.repeat(64)}`, { registry, repository: `mirror/${registry}-${number}` }),
  );
}

test('unwanted uploads are cancelled, and no longer recorded; the next run cancels what is too much for one', async () => {
  const recorded = new RecordedUploads(uploadsTo('a', 120));

  const { cancelled, notCancelled } = await cancelUnwantedUploads(recorded.ports, new AbortController().signal);

  expect(cancelled).toBe(100);
  expect(notCancelled.size).toBe(0);
  expect(recorded.removed.toSorted()).toEqual(recorded.asked.toSorted());
  expect(new Set(recorded.removed).size).toBe(100);
});

test('a registry that cannot be reached costs a few requests, and the others are asked all the same', async () => {
  const mixed = uploadsTo('down', 20).flatMap((upload, number) => [
    upload,
    ...uploadsTo('up', 20).slice(number, number + 1),
  ]);
  const recorded = new RecordedUploads(mixed, async ({ registry, location }) => {
    if (registry === 'down') throw new Error(`could not talk to ${location}`);
  });

  const { cancelled, notCancelled } = await cancelUnwantedUploads(recorded.ports, new AbortController().signal);

  expect(cancelled).toBe(20);
  expect(notCancelled).toEqual(new Map([['down', 20]]));
  expect(recorded.asked.filter((repository) => repository.includes('down')).length).toBeLessThanOrEqual(4);
  expect(recorded.removed).toHaveLength(40);
});

test('a stopped worker leaves the uploads recorded that it has not cancelled', async () => {
  const stopping = new AbortController();
  const recorded = new RecordedUploads(uploadsTo('a', 20), async (_, signal) => {
    stopping.abort(new Error('the worker stops'));
    signal?.throwIfAborted();
  });

  const ended = cancelUnwantedUploads(recorded.ports, stopping.signal);

  await expect(ended).rejects.toThrow('the worker stops');
  expect(recorded.removed).toEqual([]);
});
