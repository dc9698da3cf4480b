import { expect, test } from 'vitest';

import { clientFor, startScripted } from '../../../../test/support/scripted-set-up.js';
import { cancelUpload } from '../../src/blobs/cancel-upload.js';

const repository = 'mirror/app';

test.each([202, 204, 404, 410, 405])('an upload whose cancellation is answered with %i is over', async (status) => {
  const registry = await startScripted();
  registry.when('DELETE', /uploads/, ({ response }) => void response.writeHead(status).end());
  const location = `${registry.url}/v2/${repository}/blobs/uploads/1?_state=secret`;

  await cancelUpload(clientFor([registry]), { registry: registry.host, repository, location, foreign: false });

  expect(registry.requests.map(({ method, path }) => `${method} ${path}`)).toContain(
    `DELETE /v2/${repository}/blobs/uploads/1?_state=secret`,
  );
});

test('a refused cancellation names neither the ID nor the state of the upload', async () => {
  const registry = await startScripted();
  registry.when('DELETE', /uploads/, ({ response }) => void response.writeHead(500).end());
  const location = `${registry.url}/v2/${repository}/blobs/uploads/hidden-id?_state=hidden-state`;

  const cancelled = cancelUpload(clientFor([registry]), {
    registry: registry.host,
    repository,
    location,
    foreign: false,
  });

  await expect(cancelled).rejects.toThrow('500');
  await expect(cancelled).rejects.not.toThrow('hidden');
});

test('a registry that is gone is reported without the address of the upload', async () => {
  const registry = await startScripted();
  const location = `${registry.url}/v2/${repository}/blobs/uploads/hidden-id`;
  const client = clientFor([registry]);
  await registry.stop();

  const cancelled = cancelUpload(client, { registry: registry.host, repository, location, foreign: false });

  await expect(cancelled).rejects.toThrow(registry.host);
  await expect(cancelled).rejects.not.toThrow('hidden');
});
