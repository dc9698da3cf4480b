import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseImageReference } from '../../src/domain/image-reference.js';
import { copyImage } from '../../src/registry/copy-image.js';
import type { CopyTarget } from '../../src/registry/copy-types.js';
import { createRegistryClient } from '../../src/registry/registry-client.js';
import type { RegistryClient } from '../../src/registry/registry-client.js';
import { startRegistry } from '../support/registry-server.js';
import type { RegistryServer } from '../support/registry-server.js';
import { makeAttestation, makeImage, makeIndex, pushImage } from '../support/test-images.js';

describe.each([{ kind: 'distribution' }, { kind: 'docker-registry' }] as const)(
  'copying between $kind servers',
  ({ kind }) => {
    let servers: readonly RegistryServer[];
    let client: RegistryClient;

    beforeAll(async () => {
      servers = await Promise.all([startRegistry({ kind }), startRegistry({ kind }), startRegistry({ kind })]);
      client = createRegistryClient({
        credentials: () => Promise.resolve(undefined),
        trustedHosts: new Set(servers.map(({ host }) => host)),
      });
    });

    afterAll(async () => {
      client.close();
      await Promise.all(servers.map((server) => server.stop()));
    });

    test('an index arrives byte for byte on two targets', async () => {
      const [source, ...targets] = servers as [RegistryServer, RegistryServer, RegistryServer];
      const amd64 = await makeImage({ name: 'app', layers: [300_000, 10] });
      const arm64 = await makeImage({ name: 'app', layers: [200_000, 10], platform: 'linux/arm64' });
      const index = makeIndex([amd64, arm64, makeAttestation(amd64, 'image')]);
      await pushImage(source, { image: index, repository: 'team/app', tag: 'v1' });

      const report = await copyImage(client, {
        source: parseImageReference(`${source.host}/team/app:v1`),
        platforms: 'all',
        targets: targets.map((server, n) => target(server, `target-${n}`)),
      });

      expect(report.failures).toEqual([]);
      expect(report.targets.map(({ outcome, digest }) => ({ outcome, digest }))).toEqual([
        { outcome: 'copied', digest: index.digest },
        { outcome: 'copied', digest: index.digest },
      ]);
    });
  },
);

function target({ host }: RegistryServer, name: string): CopyTarget {
  return { name, host, repository: 'mirror/app', tag: 'v1', manifestPolicy: 'keep' };
}
