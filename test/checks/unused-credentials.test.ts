import type { CredentialProvider } from '@image-ferry/registry';
import { expect, test } from 'vitest';

import { runChecks } from '../../src/checks/check.js';
import type { Finding } from '../../src/checks/check.js';
import { sourceCheck, ObservedClocks, targetCheck } from '../../src/checks/registry-checks.js';
import type { Target } from '../../src/domain/target.js';
import { clientFor, sourceAndTarget } from '../support/scripted-set-up.js';

const broken = 'config.json: auths "r.example.com": its "auth" is not base64';

/** No credentials can be used, for these reasons. */
function unusable(reasons: readonly string[]): CredentialProvider {
  return Object.assign(() => Promise.resolve(undefined), { unused: () => Promise.resolve(reasons) });
}

test('ferry doctor warns of stored credentials for a source or target that cannot be used', async () => {
  const [source, target] = await sourceAndTarget();
  const place: Target = {
    name: 'private',
    registry: target.host,
    namespace: 'mirror',
    naming: 'nested',
    manifestPolicy: 'keep',
    explicitNames: {},
  };
  const look = async (credentials: CredentialProvider): Promise<readonly Finding[]> => {
    const client = clientFor([source, target], { credentials });
    return await runChecks([
      sourceCheck(source.host, credentials, client, new ObservedClocks()),
      targetCheck(place, credentials, client, new ObservedClocks()),
    ]);
  };

  const [ofSource, ofTarget] = await look(unusable([broken]));
  const healthy = await look(unusable([]));

  for (const finding of [ofSource, ofTarget]) {
    expect(finding).toMatchObject({ ok: true, warning: true });
    expect(finding?.message).toContain(`unused credentials: ${broken}`);
  }
  expect(healthy.map(({ ok, warning }) => [ok, warning])).toEqual([
    [true, undefined],
    [true, undefined],
  ]);
});
