import { afterAll, beforeAll, expect, test } from 'vitest';

import { startRegistry } from '../../../../test/support/registry-server.js';
import type { RegistryServer } from '../../../../test/support/registry-server.js';
import { clientFor } from '../../../../test/support/scripted-set-up.js';
import { openSession } from '../../src/blobs/blob-push.js';
import { cancelUpload } from '../../src/blobs/cancel-upload.js';

const kinds = ['distribution', 'docker-registry'] as const;
const registries = new Map<(typeof kinds)[number], RegistryServer>();
const repository = 'mirror/app';

beforeAll(async () => {
  for (const kind of kinds) registries.set(kind, await startRegistry({ kind }));
});

afterAll(async () => {
  await Promise.all([...registries.values()].map(async (server) => await server.stop()));
});

test.each(kinds)('%s forgets an upload that is cancelled; cancelling it again changes nothing', async (kind) => {
  const host = registries.get(kind)?.host ?? '';
  const client = clientFor([{ host }]);
  const { location, foreign } = await openSession(client, { side: 'target', host, repository });
  const patched = await fetch(location, { method: 'PATCH', body: Buffer.alloc(1_000_000) });
  const next = new URL(patched.headers.get('location') ?? '', location);
  const upload = { registry: host, repository, location: next.href, foreign };
  const before = await fetch(next);

  await cancelUpload(client, upload);
  const after = await fetch(next);
  await cancelUpload(client, upload);

  expect([patched.status, before.status, after.status]).toEqual([202, 204, 404]);
});
