import type { RepositoryRef } from '../repository-ref.js';
import { RegistryFault } from '../registry-errors.js';
import type { AnswerHead } from './exchange.js';
import { printUrl } from './redaction.js';

/** Whether an answer is for a browser: what a captive portal, a login page or a proxy says in a registry's place. */
export function isWebPage({ headers }: Pick<AnswerHead, 'headers'>): boolean {
  return /^\s*(text\/html|application\/xhtml\+xml)\b/i.test(headers['content-type'] ?? '');
}

/** Something answered 200 that is no registry. It passes when the portal, or the proxy's trouble, has passed. */
export function notARegistry(repo: RepositoryRef, what: string, url: URL): RegistryFault {
  const message =
    `answered ${what} with something that no registry says, at ${printUrl(url)}: ` +
    'does a captive portal, a login page or a proxy stand before it?';
  return new RegistryFault(message, { repo, code: 'protocol', decision: 'retry' });
}
