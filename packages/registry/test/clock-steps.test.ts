import { randomBytes } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { placeImage } from '../../../test/support/scripted-images.js';
import { answer } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTarget,
  sourceAndTwoTargets,
  targetRepository,
  streaming,
} from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';

/** As if a machine's clock that was ahead is corrected during a copy. */
describe('a clock that is set back by an hour', () => {
  const now = Date.now.bind(Date);
  let ahead = 3_600_000;
  const setBack = (): void => void (ahead = 0);

  beforeEach(() => {
    ahead = 3_600_000;
    vi.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('a clock set back by an hour does not extend the timeout of a silent source', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(200_000);
    const image = placeImage(source, repository, { layers: [layer] });
    source.when(
      'GET',
      new RegExp(`blobs/${image.layers[0]}`),
      ({ response }) => {
        response.writeHead(200, { 'content-length': String(layer.length) });
        response.write(layer.subarray(0, 100_000), () => setTimeout(setBack, 50));
      },
      1,
    );

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
  });

  test('a clock set back by an hour does not let a stalled target delay the other', async () => {
    const [source, stalling, healthy] = await sourceAndTwoTargets();
    const image = placeImage(source, repository, { layers: [randomBytes(12_000_000)] });
    stalling.when('PATCH', /uploads/, ({ request }) => {
      request.pause();
      setTimeout(setBack, 50);
    });

    const report = await copyImage(
      clientFor([source, stalling, healthy], streaming),
      requestFor(source, [stalling, healthy]),
    );

    expect(report.failures).toMatchObject([{ failure: { code: 'stalled' } }]);
    expect(healthy.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
  });

  test('a clock set back by an hour does not extend the pause of a Retry-After', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    source.when(
      'HEAD',
      /manifests/,
      ({ response }) => {
        answer(response, 429, { 'retry-after': '1' });
        setTimeout(setBack, 200);
      },
      1,
    );

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
  });
});
