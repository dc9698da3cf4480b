import { expect, test } from 'vitest';

import { createCopyEngine } from '../../src/composition/copy-engine.js';
import { findCopies, TagLooks } from '../../src/planning/adopt-copies.js';
import { placeImage } from '../support/scripted-images.js';
import { answer } from '../support/scripted-registry.js';
import { clientFor, startScripted } from '../support/scripted-set-up.js';

test('each of two targets on one registry is queried with its own account for what an older script pushed', async () => {
  const registry = await startScripted();
  const images = new Map(['first', 'second'].map((team) => [team, placeImage(registry, `${team}/app`)]));
  registry.when('HEAD', /manifests/, ({ request, response, path, ordinary }) => {
    const { authorization } = request.headers;
    if (authorization === undefined) return answer(response, 401, { 'www-authenticate': 'Basic realm="r"' });
    const [user = ''] = Buffer.from(authorization.split(' ')[1] ?? '', 'base64')
      .toString()
      .split(':');
    return path.startsWith(`/v2/${user}/`) ? ordinary() : answer(response, 403);
  });
  const engine = createCopyEngine(
    clientFor([registry], {
      credentials: (_host, _repository, target) =>
        Promise.resolve(target === undefined ? undefined : { username: target, password: 'secret' }),
    }),
  );
  const copies = [...images.keys()].map((team, pushedId) => ({
    target: team,
    pushedId,
    registryImageName: `${registry.host}/${team}/app:v1`,
  }));

  const signal = AbortSignal.timeout(9_000);

  const found = await findCopies({ platform: 'linux/amd64', copies }, new TagLooks(engine, signal), signal);

  expect(found).toMatchObject({
    kind: 'there',
    copies: [...images].map(([target, { digest }]) => ({ target, state: 'adopted', digest })),
  });
});
