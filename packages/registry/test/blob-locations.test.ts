import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { tolerantBlobLocations } from '../../../src/composition/tolerant-blob-locations.js';
import { BlobLocationStore } from '../../../src/database/blob-location-store.js';
import { openDatabase } from '../../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../../src/database/ferry-database.js';
import { migrate } from '../../../src/database/run-migrations.js';
import { createLogger } from '../../../src/logger.js';
import { placeImage } from '../../../test/support/scripted-images.js';
import { answer } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTarget,
  targetAt,
  targetRepository,
} from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';

describe('blob locations that are stored beyond a process', () => {
  let folder: string;
  let database: FerryDatabase;
  let locations: BlobLocationStore;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ferry-blobs-'));
    database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
    await migrate(database);
    locations = new BlobLocationStore(database);
  });
  afterEach(async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a blob that one process pushed to a repository is mounted into another repository by the next process', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    const blobs = [image.config, ...image.layers];
    await copyImage(clientFor([source, target], { blobLocations: locations }), requestFor(source, [target]));

    const report = await copyImage(
      clientFor([source, target], { blobLocations: locations }),
      requestFor(source, [], { targets: [targetAt(target, { repository: 'mirror/second' })] }),
    );

    expect(report.targets[0]).toMatchObject({ mountedBlobs: 2, uploadedBlobs: 0, bytesSent: 0 });
    const known = await locations.known(target.host, blobs);
    expect([...known.values()].map((repositories) => repositories.toSorted())).toEqual([
      [targetRepository, 'mirror/second'],
      [targetRepository, 'mirror/second'],
    ]);
  });

  test('a wrong blob location costs one request and is forgotten, and the image is complete', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(5000);
    const image = placeImage(source, repository, { layers: [layer] });
    await locations.record(target.host, 'gone/away', image.layers);

    const report = await copyImage(
      clientFor([source, target], { blobLocations: locations }),
      requestFor(source, [target]),
    );

    expect(report.targets[0]).toMatchObject({ mountedBlobs: 0, uploadedBlobs: 2 });
    expect(target.count('POST', /mount=/)).toBe(1);
    expect(target.blob(targetRepository, image.layers[0] ?? '')?.equals(layer)).toBe(true);
    expect((await locations.known(target.host, image.layers)).get(image.layers[0] ?? '')).toEqual([targetRepository]);
  });

  test('a mount that was confirmed but not made is repaired by an upload, and the location is forgotten', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    await locations.record(target.host, 'other/base', image.layers);
    target.when('POST', /mount=/, ({ response }) => answer(response, 201));

    const report = await copyImage(
      clientFor([source, target], { blobLocations: locations }),
      requestFor(source, [target]),
    );

    expect(report.failures).toEqual([]);
    expect(target.blob(targetRepository, image.layers[0] ?? '')).toBeDefined();
    expect((await locations.known(target.host, image.layers)).get(image.layers[0] ?? '')).toEqual([targetRepository]);
  });

  test('a copy that did not set its tag stores no blob locations', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    target.when('PUT', /manifests/, ({ response }) => answer(response, 403));

    const report = await copyImage(
      clientFor([source, target], { blobLocations: locations }),
      requestFor(source, [target]),
    );

    expect(report.failures).toHaveLength(1);
    expect((await locations.known(target.host, image.layers)).size).toBe(0);
  });

  test('an unavailable database costs mounts and nothing else', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    const tolerant = tolerantBlobLocations(locations, createLogger('test'));
    await database.close();

    const report = await copyImage(
      clientFor([source, target], { blobLocations: tolerant }),
      requestFor(source, [target]),
    );

    expect(report.targets[0]).toMatchObject({ outcome: 'copied', uploadedBlobs: 2 });
  });
});
