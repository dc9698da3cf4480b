import type { TLSSocket } from 'node:tls';

import { expect, onTestFinished, test } from 'vitest';

import { selfSignedCertificate } from '../../../demo/self-signed-certificate.js';
import { placeImage } from '../../../test/support/scripted-images.js';
import { ScriptedRegistry, answer } from '../../../test/support/scripted-registry.js';
import { clientFor, repository, requestFor, startScripted } from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';

const server = selfSignedCertificate();
const client = selfSignedCertificate();

/** A registry that requests a client certificate. If `isNeeded` is false, it also serves clients without one. */
async function startWanting({ isNeeded }: { readonly isNeeded: boolean }): Promise<ScriptedRegistry> {
  const registry = await ScriptedRegistry.start({
    ...server,
    ca: client.cert,
    requestCert: true,
    rejectUnauthorized: isNeeded,
  });
  onTestFinished(() => registry.stop());
  return registry;
}

test('a registry that requires a client certificate gets the one of its host, and serves pushes and pulls', async () => {
  const [source, target] = [await startWanting({ isNeeded: true }), await startWanting({ isNeeded: true })];
  placeImage(source, repository);
  const hosts = new Map(
    [source, target].map(({ host }) => [host, { ca: server.cert, clientCertificate: client }] as const),
  );

  const report = await copyImage(clientFor([], { hosts }), requestFor(source, [target]));

  expect(report.failures).toEqual([]);
});

test('without its client certificate the registry serves nothing', async () => {
  const registry = await startWanting({ isNeeded: true });
  placeImage(registry, repository);
  const hosts = new Map([[registry.host, { ca: server.cert, scheme: 'https' as const }]]);

  const copying = copyImage(clientFor([], { hosts, timing: { backoffMs: 1 } }), requestFor(registry, []));

  await expect(copying).rejects.toMatchObject({ side: 'source' });
  expect(registry.requests).toEqual([]);
});

test('a host that the registry redirects to never receives the client certificate', async () => {
  const registry = await startWanting({ isNeeded: true });
  const storage = await startWanting({ isNeeded: false });
  const layer = Buffer.from('a layer');
  const image = placeImage(registry, repository, { layers: [layer] });
  registry.when('GET', new RegExp(`blobs/${image.layers[0]}`), ({ response }) =>
    answer(response, 307, { location: `${storage.url}/bucket` }),
  );
  const shown: object[] = [];
  storage.when('GET', /bucket/, ({ request, response }) => {
    shown.push((request.socket as TLSSocket).getPeerCertificate());
    answer(response, 200, {}, layer);
  });
  const target = await startScripted();
  const hosts = new Map([[registry.host, { ca: server.cert, clientCertificate: client }]]);

  const report = await copyImage(clientFor([target], { hosts }), requestFor(registry, [target]));

  expect(report.failures).toEqual([]);
  expect(shown).toEqual([{}]);
});
