import { RegistryFault } from '../registry-errors.js';

/**
 * Whether an answer to HEAD is a refusal of the method as likely as of the thing itself: proxies, and storages whose URLs
 * are signed for GET, refuse HEAD with many statuses (Nexus 404, registry.centos.org 403, S3 403, others 400, 500, 501).
 * A limit that is reached, and what a token service says, are meant as they are said.
 */
export function refusesHead(error: unknown): error is RegistryFault {
  if (!(error instanceof RegistryFault) || error.status === undefined) return false;
  return error.resource !== 'token' && error.code !== 'rate-limited' && error.decision !== 'wait';
}
