import type { CopyOptions, CopyPlan, CopyRequest } from './copy-types.js';
import { withPreparedCopy } from './prepare-copy.js';
import type { RegistryClient } from './registry-client.js';
import { sharedSignal } from './transport/shared-signal.js';

/**
 * Reads the source once and every target's tag, and decides everything that can be decided before a layer moves. The
 * manifests that it reads stay in the client, so that the copy does not read them again.
 *
 * @param request what to copy, and to which targets
 * @param options.signal ends it; the promise is rejected with its reason
 * @throws RegistryError for a fault of the source; a fault of one target is in `failures`
 */
export async function planCopy(
  client: RegistryClient,
  request: CopyRequest,
  options: CopyOptions = {},
): Promise<CopyPlan> {
  return await withPreparedCopy(
    client,
    request,
    { copies: false, signal: sharedSignal(options.signal) },
    ({ plan }) => plan,
  );
}
