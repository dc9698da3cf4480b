import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { AnswerHead } from './exchange.js';
import { printUrl } from './redaction.js';

/** Whether an answer is for a browser: a captive portal, a login page or a proxy answers instead of the registry. */
export function isWebPage({ headers }: Pick<AnswerHead, 'headers'>): boolean {
  return /^\s*(text\/html|application\/xhtml\+xml)\b/i.test(headers['content-type'] ?? '');
}

/** A server that is no registry answered 200. The fault ends when the portal, or the proxy's trouble, is gone. */
export function notARegistry(repo: RepositoryRef, what: string, url: URL): RegistryFault {
  const message =
    `answered ${what} with something that no registry says, at ${printUrl(url)}: ` +
    'does a captive portal, a login page or a proxy stand before it?';
  return new RegistryFault(message, { repo, code: 'protocol', decision: 'retry' });
}
