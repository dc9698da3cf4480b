import { RegistryError } from '../errors.js';
import type { RegistryErrorCode } from '../errors.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { RegistryHost } from './registry-host.js';

/** Faults that credentials might have prevented. */
const refusals: ReadonlySet<RegistryErrorCode> = new Set([
  'unauthorized',
  'denied',
  'rate-limited',
  'repository-missing',
]);

/** A refusal of an anonymous request, with the stored credentials for the registry that could not be used. */
export async function withUnused<T>(host: RegistryHost, repo: RepositoryRef, error: T): Promise<T | RegistryFault> {
  if (!(error instanceof RegistryFault) || !refusals.has(error.code)) return error;
  const reasons = await host.authorization.unused(repo).catch(ownFault);
  if (reasons.length === 0 || error.message.includes(unusedWords)) return error;
  const told = tellUnused(reasons);
  const { code, decision, mayHeal, hostReason, retryAfterMs, status, diagnostics, resource, cause } = error;
  return new RegistryFault(`${error.reason}; ${told}`, {
    repo,
    code,
    decision,
    mayHeal,
    diagnostics,
    cause,
    ...(hostReason === undefined ? {} : { hostReason: `${hostReason}; ${told}` }),
    retryAfterMs,
    status,
    resource,
  });
}

const unusedWords = 'credentials that were not used';

function tellUnused(reasons: readonly string[]): string {
  return `there are ${unusedWords}: ${reasons.join('; ')}`;
}

/** A fault of the configuration is reported where the credentials are requested. */
function ownFault(error: unknown): readonly string[] {
  if (error instanceof RegistryError) return [];
  throw error;
}
