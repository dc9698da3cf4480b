import { expect, test } from 'vitest';

import { placeImage } from '../../../test/support/scripted-images.js';
import { answer, answerError } from '../../../test/support/scripted-registry.js';
import { clientFor, repository, requestFor, sourceAndTarget } from '../../../test/support/scripted-set-up.js';
import type { CredentialProvider } from '../src/client-options.js';
import { copyImage } from '../src/copy-image.js';

const broken = 'config.json: auths "r.example.com": its "auth" is not base64';

/** No credentials can be used, for this reason. */
function unusable(reasons: readonly string[] = [broken]): CredentialProvider {
  return Object.assign(() => Promise.resolve(undefined), { unused: () => Promise.resolve(reasons) });
}

test.each<[string, number, string]>([
  ['unauthorized', 401, 'unauthorized'],
  ['denied', 403, 'denied'],
  ['rate-limited', 429, 'rate-limited'],
])(
  'unused credentials are reported if a source refuses a copy without credentials as %s',
  async (_what, status, code) => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    for (const method of ['HEAD', 'GET']) source.when(method, /manifests/, ({ response }) => answer(response, status));

    const copy = async (reasons?: readonly string[]): Promise<unknown> =>
      await copyImage(
        clientFor([source, target], { credentials: unusable(reasons), timing: { backoffMs: 1, longestPauseMs: 1 } }),
        requestFor(source, [target]),
      );

    await expect(copy()).rejects.toMatchObject({ code, side: 'source', status });
    await expect(copy()).rejects.toThrow(`there are credentials that were not used: ${broken}`);
    await expect(copy([])).rejects.not.toThrow('not used');
  },
);

test('unused credentials are reported if a source hides a private repository as missing', async () => {
  const [source, target] = await sourceAndTarget();

  const copying = copyImage(clientFor([source, target], { credentials: unusable() }), requestFor(source, [target]));

  await expect(copying).rejects.toMatchObject({ code: 'repository-missing' });
  await expect(copying).rejects.toThrow(broken);
});

test('unused credentials are reported if a target refuses a copy without them, and the source is not blamed', async () => {
  const [source, target] = await sourceAndTarget();
  placeImage(source, repository);
  target.when('POST', /uploads/, ({ response }) => answerError(response, 401, 'UNAUTHORIZED', 'log in'));

  const report = await copyImage(
    clientFor([source, target], { credentials: unusable() }),
    requestFor(source, [target]),
  );

  expect(report.failures[0]?.failure.message).toContain(broken);
});

test('an image that needs no credentials is copied, however many were unused', async () => {
  const [source, target] = await sourceAndTarget();
  placeImage(source, repository);

  const report = await copyImage(
    clientFor([source, target], { credentials: unusable() }),
    requestFor(source, [target]),
  );

  expect(report.failures).toEqual([]);
});
