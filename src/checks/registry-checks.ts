import { reachRegistry, tryUpload } from '@image-ferry/registry';
import type { CredentialProvider, RegistryClient } from '@image-ferry/registry';
import { defaultManifestPolicy } from '@image-ferry/registry/manifest';
import { parseImageReference } from '@image-ferry/registry/reference';

import { FerryError } from '../domain/ferry-error.js';
import { targetRepositoryCandidates } from '../domain/target-name.js';
import type { Target } from '../domain/target.js';
import { CheckWarning } from './check.js';
import type { Check, Found } from './check.js';

/** No image has this name. The upload that is opened for it is cancelled, so no repository is created. */
export const probe = 'docker.io/library/image-ferry-doctor';
const tolerableSkewMs = 60_000;

/** Clocks of registries, collected by the checks that reach one. */
export class ObservedClocks {
  readonly #skews = new Map<string, number>();

  note(host: string, clock: number | undefined): void {
    if (clock !== undefined) this.#skews.set(host, Date.now() - clock);
  }

  /** The smallest skew, since a single registry's clock may be wrong; undefined if no registry sent its time. */
  get smallestSkew(): { readonly host: string; readonly ms: number } | undefined {
    return [...this.#skews]
      .map(([host, ms]) => ({ host, ms }))
      .sort((a, b) => Math.abs(a.ms) - Math.abs(b.ms))
      .at(0);
  }
}

/** Checks that the registry is reachable, the account is accepted, pushing is allowed and the manifest policy fits. */
export function targetCheck(
  target: Target,
  credentials: CredentialProvider,
  client: RegistryClient,
  clocks: ObservedClocks,
): Check {
  const { name, registry: host, manifestPolicy: policy } = target;
  return {
    part: `target ${name}`,
    async run(signal) {
      if (target.engine === 'docker') {
        const message = `${host} is reached only through a Docker daemon; not checked here`;
        return { message, code: 'only-by-docker', facts: { host } };
      }
      clocks.note(host, await reachRegistry(client, host, { side: 'target', authorized: false, signal }));
      const repository = targetRepositoryCandidates(parseImageReference(probe), target).preferred;
      await tryUpload(client, { side: 'target', host, repository, name }, signal);
      const advised = defaultManifestPolicy(host);
      if (advised === 'drop' && policy === 'keep') {
        throw new FerryError(
          `${host} rejects attestations: set targets.${name}.manifestPolicy to drop or fail in ferry.yaml`,
          { code: 'manifest-policy', decision: 'block' },
        );
      }
      const message = `${host} accepts uploads; attestations: ${policy}`;
      const found = { message, code: 'accepts-uploads', facts: { host } };
      return await withUnused(found, async () => await credentials.unused?.(host, repository, name));
    },
  };
}

/** Checks that the registry is reachable, and that it accepts the account if there is one. */
export function sourceCheck(
  host: string,
  credentials: CredentialProvider,
  client: RegistryClient,
  clocks: ObservedClocks,
): Check {
  return {
    part: `source ${host}`,
    async run(signal) {
      const account = await credentials(host, '');
      const authorized = account !== undefined;
      clocks.note(host, await reachRegistry(client, host, { side: 'source', authorized, signal }));
      if (authorized) return `reachable as ${account.username}`;
      const found = { message: 'reachable; no account is configured', code: 'reachable', facts: { host } };
      return await withUnused(found, async () => await credentials.unused?.(host, ''));
    },
  };
}

/** @throws CheckWarning if credentials for the registry exist that cannot be used */
async function withUnused(found: Found, ask: () => Promise<readonly string[] | undefined>): Promise<Found> {
  const reasons = (await ask()) ?? [];
  if (reasons.length === 0) return found;
  const message = [found.message, ...reasons.map((reason) => `unused credentials: ${reason}`)].join('\n');
  throw new CheckWarning(message, { ...found, code: 'unused-credentials' });
}

export function clockFinding(clocks: ObservedClocks): Check {
  return {
    part: 'clock',
    async run() {
      const skew = clocks.smallestSkew;
      if (skew === undefined) throw fault('the clock could not be checked: no registry sent its time');
      const seconds = Math.round(skew.ms / 1000);
      if (Math.abs(skew.ms) <= tolerableSkewMs) return `within a minute of ${skew.host}`;
      throw fault(
        `${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} ${skew.host}: correct this machine's time (NTP): tokens and certificates depend on it`,
      );
    },
  };
}

function fault(message: string): FerryError {
  return new FerryError(message, { code: 'configuration', decision: 'block' });
}
