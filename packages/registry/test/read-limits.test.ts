import { randomBytes } from 'node:crypto';

import { expect, test } from 'vitest';

import { placeImage } from '../../../test/support/scripted-images.js';
import { onAnswerOver } from '../../../test/support/scripted-registry.js';
import { clientFor, repository, requestFor, sourceAndTarget } from '../../../test/support/scripted-set-up.js';
import { ReadRate } from '../src/blobs/read-rate.js';
import { copyImage } from '../src/copy-image.js';

test('a rate limiter grants its saved burst at once, and then no more than its rate', () => {
  const pace = new ReadRate(1_000_000);

  expect(pace.take(50_000, 10_000)).toBe(0);
  expect(pace.take(50_000, 10_000)).toBe(0);
  expect(pace.take(500_000, 10_000)).toBe(500);
  expect(pace.take(1_000, 10_400)).toBe(101);
  expect(pace.take(100_000, 60_000)).toBe(0);
});

test('a source is read with no more concurrent blobs and no faster than its settings allow', async () => {
  const [source, target] = await sourceAndTarget();
  placeImage(source, repository, { layers: Array.from({ length: 5 }, () => randomBytes(200_000)) });
  let [reading, most] = [0, 0];
  source.when(
    'GET',
    /\/blobs\//,
    async (exchange) => {
      most = Math.max(most, (reading += 1));
      onAnswerOver(exchange, () => (reading -= 1));
      await exchange.ordinary();
    },
    99,
  );
  const hosts = new Map([[source.host, { concurrentBlobs: 1, readBytesPerSecond: 2_000_000 }]]);
  const client = clientFor([target], { hosts });

  const startedAt = performance.now();
  const report = await copyImage(client, requestFor(source, [target]));

  expect(report.failures).toEqual([]);
  expect(most).toBe(1);
  // One megabyte less the saved burst: earlier is impossible, later is not a failure.
  expect(performance.now() - startedAt).toBeGreaterThan(300);
});
