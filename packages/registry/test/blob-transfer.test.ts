import { randomBytes } from 'node:crypto';

import { expect, test } from 'vitest';

import type { ScriptedRegistry } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  sourceAndTarget,
  targetRepository,
  streaming,
} from '../../../test/support/scripted-set-up.js';
import { transferBlob } from '../src/blobs/blob-transfer.js';
import type { BlobDestination } from '../src/blobs/blob-upload-task.js';
import type { Blob } from '../src/blobs/image-blobs.js';
import type { TransferContext } from '../src/blobs/transfer-context.js';
import { Semaphore } from '../src/concurrency/semaphore.js';
import type { Digest } from '../src/oci/digest.js';
import type { RegistryClient } from '../src/registry-client.js';
import { TargetLooks } from '../src/target-looks.js';

const { signal } = new AbortController();

/** One of several copies by one client. */
function copyOf(client: RegistryClient, source: ScriptedRegistry, passesOver = Promise.resolve()): TransferContext {
  return {
    client,
    source: { side: 'source', host: source.host, repository },
    slots: { most: 3, inFlight: 0 },
    passesOver,
    signal,
    report: () => {},
  };
}

function destinationOf(
  client: RegistryClient,
  { host }: ScriptedRegistry,
  { lagging = false, path = targetRepository } = {},
): BlobDestination {
  const repo = { side: 'target', host, repository: path } as const;
  const looks = new TargetLooks(client, repo, { proves: false, signal });
  return { name: 'target-1', repo, tag: 'v1', lagging, looks, catchUps: new Semaphore(1), signal };
}

function placeBlob(source: ScriptedRegistry): Blob {
  const bytes = randomBytes(50_000);
  return { digest: source.putBlob(repository, bytes) as Digest, mediaType: 'application/octet-stream', size: 50_000 };
}

test.each([
  ['the same repository', targetRepository],
  ['another repository of the registry', 'mirror/other'],
])('a target that one copy has dropped does not delay another copy to %s', async (_, path) => {
  const [source, target] = await sourceAndTarget();
  const blob = placeBlob(source);
  const client = clientFor([source, target], streaming);
  let endRuns = (): void => {};
  const passesOver = new Promise<void>((resolve) => {
    endRuns = resolve;
  });
  const slow = destinationOf(client, target, { lagging: true });
  const healthy = destinationOf(client, target, { path });

  const waiting = transferBlob(copyOf(client, source, passesOver), blob, [slow]);
  const meanwhile = await transferBlob(copyOf(client, source), blob, [healthy]).deliveries.get(healthy);
  endRuns();
  const afterwards = await waiting.deliveries.get(slow);

  expect(meanwhile?.outcome).toBe('uploaded');
  expect(afterwards?.outcome).toBe(path === targetRepository ? 'already-there' : 'mounted');
});

test("two copies that wait for each other's blobs both continue when their uploads break", async () => {
  const [source, target] = await sourceAndTarget();
  const client = clientFor([source, target], streaming);
  const [one, other] = [placeBlob(source), placeBlob(source)];
  const [left, right] = [copyOf(client, source), copyOf(client, source)];
  const [toLeft, toRight] = [destinationOf(client, target), destinationOf(client, target)];
  target.when('PATCH', /uploads/, ({ request }) => void request.socket.destroy(), 2);

  const transfers = [
    transferBlob(left, one, [toLeft]),
    transferBlob(right, other, [toRight]),
    transferBlob(left, other, [toLeft]),
    transferBlob(right, one, [toRight]),
  ];
  const delivered = await Promise.all(transfers.flatMap(({ deliveries }) => [...deliveries.values()]));

  const outcomes = delivered.map(({ outcome }) => outcome);
  expect(outcomes).toEqual(['uploaded', 'uploaded', 'already-there', 'already-there']);
});
