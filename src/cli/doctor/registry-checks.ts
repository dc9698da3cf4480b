import { defaultManifestPolicy } from '../../../packages/registry/src/oci/default-manifest-policy.js';
import { FerryError } from '../../domain/ferry-error.js';
import { parseImageReference } from '../../../packages/registry/src/oci/image-reference.js';
import { targetRepositoryCandidates } from '../../domain/target-name.js';
import type { Target } from '../../domain/target.js';
import type { CredentialProvider } from '../../../packages/registry/src/client-options.js';
import { reachRegistry, tryUpload } from '../../../packages/registry/src/probe-registry.js';
import type { RegistryClient } from '../../../packages/registry/src/registry-client.js';
import type { Check } from './check.js';
import { CheckWarning } from './check.js';

/** No image has this name: the upload that is opened for it is cancelled, and no repository comes of it. */
const probe = 'docker.io/library/image-ferry-doctor';
const tolerableSkewMs = 60_000;

/** Clocks of registries, gathered by the checks that reach one. */
export class SeenClocks {
  readonly #skews = new Map<string, number>();

  note(host: string, clock: number | undefined): void {
    if (clock !== undefined) this.#skews.set(host, Date.now() - clock);
  }

  /** The smallest difference, since one registry may have the wrong time itself; undefined where none told its own. */
  get least(): { readonly host: string; readonly ms: number } | undefined {
    return [...this.#skews]
      .map(([host, ms]) => ({ host, ms }))
      .sort((a, b) => Math.abs(a.ms) - Math.abs(b.ms))
      .at(0);
  }
}

/** Reachable, account accepted, push allowed, and a manifest policy that the registry can live with. */
export function targetCheck(
  target: Target,
  credentials: CredentialProvider,
  client: RegistryClient,
  clocks: SeenClocks,
): Check {
  const { name, registry: host, manifestPolicy: policy } = target;
  return {
    part: `target ${name}`,
    async look(signal) {
      if (target.engine === 'docker') return `${host} is reached through a Docker daemon, which alone may look at it`;
      clocks.note(host, await reachRegistry(client, host, { side: 'target', authorized: false, signal }));
      const repository = targetRepositoryCandidates(parseImageReference(probe), target).preferred;
      await tryUpload(client, { side: 'target', host, repository, name }, signal);
      const advised = defaultManifestPolicy(host);
      if (advised === 'drop' && policy === 'keep') {
        throw new FerryError(
          `${host} takes no attestations: set targets.${name}.manifestPolicy to drop or fail in ferry.yaml`,
          { code: 'manifest-policy', decision: 'block' },
        );
      }
      const said = `${host} takes uploads; attestations: ${policy}`;
      return await withUnused(said, async () => await credentials.unused?.(host, repository, name));
    },
  };
}

/** Reachable, and the account accepted where there is one. */
export function sourceCheck(
  host: string,
  credentials: CredentialProvider,
  client: RegistryClient,
  clocks: SeenClocks,
): Check {
  return {
    part: `source ${host}`,
    async look(signal) {
      const account = await credentials(host, '');
      const authorized = account !== undefined;
      clocks.note(host, await reachRegistry(client, host, { side: 'source', authorized, signal }));
      if (authorized) return `reachable as ${account.username}`;
      return await withUnused('reachable; no account is configured', async () => await credentials.unused?.(host, ''));
    },
  };
}

/** @throws CheckWarning where credentials are kept for the registry that cannot be used */
async function withUnused(said: string, ask: () => Promise<readonly string[] | undefined>): Promise<string> {
  const reasons = (await ask()) ?? [];
  if (reasons.length === 0) return said;
  throw new CheckWarning([said, ...reasons.map((reason) => `credentials that were not used: ${reason}`)].join('\n'));
}

export function clockFinding(clocks: SeenClocks): Check {
  return {
    part: 'clock',
    async look() {
      const seen = clocks.least;
      if (seen === undefined) throw fault('no registry told its time: it could not be compared');
      const seconds = Math.round(seen.ms / 1000);
      if (Math.abs(seen.ms) <= tolerableSkewMs) return `within a minute of ${seen.host}`;
      throw fault(
        `${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} ${seen.host}: set this machine's time (NTP); tokens and certificates are judged by it`,
      );
    },
  };
}

function fault(message: string): FerryError {
  return new FerryError(message, { code: 'configuration', decision: 'block' });
}
