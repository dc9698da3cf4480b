import { onTestFinished, expect, test } from 'vitest';

import { pushImage, readManifest } from '../../../demo/image-exchange.js';
import { makeImage } from '../../../demo/make-images.js';
import { startCraneRegistry } from '../../../test/support/crane-registry.js';
import { startRegistry } from '../../../test/support/registry-server.js';
import {
  clientFor,
  repository,
  requestFor,
  targetAt,
  targetRepository,
} from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';

const backupTag = 'v1-20261124050607';

test.each([
  ['distribution 3', async () => await startRegistry({ kind: 'distribution' })],
  ['distribution 2.8', async () => await startRegistry({ kind: 'docker-registry' })],
  ['go-containerregistry', startCraneRegistry],
] as const)('on %s a backup never replaces another backup, and no digest is lost', async (_, start) => {
  const source = await ending(await startRegistry({ kind: 'distribution' }));
  const target = await ending(await start());
  const repo = { ...target, url: `http://${target.host}` };
  const [older, before, after] = await Promise.all(
    ['older', 'before', 'after'].map(async (name) => await makeImage({ name, layers: [10_000] })),
  );
  if (older === undefined || before === undefined || after === undefined) throw new Error('three images were made');
  await pushImage(repo, { image: older, repository: targetRepository, tag: backupTag });
  await pushImage(repo, { image: before, repository: targetRepository, tag: 'v1' });
  await pushImage(source, { image: after, repository, tag: 'v1' });

  const client = clientFor([source, target]);
  const request = requestFor(source, [target], { targets: [targetAt(target, { backupTag })] });
  const { targets, failures } = await copyImage(client, request);

  const kept = targets[0]?.backup?.split(':').at(-1) ?? '';
  expect(failures).toEqual([]);
  expect(kept).toBe(`${backupTag}-${before.digest.slice('sha256:'.length).slice(0, 12)}`);
  const digests = [backupTag, kept, 'v1'].map(async (tag) => (await readManifest(repo, targetRepository, tag))?.digest);
  expect(await Promise.all(digests)).toEqual([older.digest, before.digest, after.digest]);
});

async function ending<Server extends { stop(): Promise<void> }>(server: Server): Promise<Server> {
  onTestFinished(async () => await server.stop());
  return server;
}
