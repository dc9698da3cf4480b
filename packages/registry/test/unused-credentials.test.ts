import { expect, test } from 'vitest';
import type { CredentialProvider } from '../src/client-options.js';
import { copyImage } from '../src/copy-image.js';
import { placeImage } from '../../../test/support/scripted-images.js';
import { answer, answerError } from '../../../test/support/scripted-registry.js';
import { clientFor, repository, requestFor, sourceAndTarget } from '../../../test/support/scripted-set-up.js';

const broken = 'config.json: auths "r.example.com": its "auth" is not base64';

/** Nothing can be used, for this reason. */
function unusable(reasons: readonly string[] = [broken]): CredentialProvider {
  return Object.assign(() => Promise.resolve(undefined), { unused: () => Promise.resolve(reasons) });
}

test.each<[string, number, string]>([
  ['unauthorized', 401, 'unauthorized'],
  ['denied', 403, 'denied'],
  ['rate-limited', 429, 'rate-limited'],
])(
  'a source that refuses a copy without credentials as %s: those that were not used are told',
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

test('a source that says of a private repository that there is none: those that were not used are told', async () => {
  const [source, target] = await sourceAndTarget();

  const copying = copyImage(clientFor([source, target], { credentials: unusable() }), requestFor(source, [target]));

  await expect(copying).rejects.toMatchObject({ code: 'repository-missing' });
  await expect(copying).rejects.toThrow(broken);
});

test('a target that takes nothing without credentials: those that were not used are told, and the source is not blamed', async () => {
  const [source, target] = await sourceAndTarget();
  placeImage(source, repository);
  target.when('POST', /uploads/, ({ response }) => answerError(response, 401, 'UNAUTHORIZED', 'log in'));

  const report = await copyImage(
    clientFor([source, target], { credentials: unusable() }),
    requestFor(source, [target]),
  );

  expect(report.failures[0]?.failure.message).toContain(broken);
});

test('what is taken without credentials is copied, however many were not used', async () => {
  const [source, target] = await sourceAndTarget();
  placeImage(source, repository);

  const report = await copyImage(
    clientFor([source, target], { credentials: unusable() }),
    requestFor(source, [target]),
  );

  expect(report.failures).toEqual([]);
});
