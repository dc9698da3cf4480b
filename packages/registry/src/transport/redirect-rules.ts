import { RegistryFault } from '../registry-errors.js';
import type { AnswerHead } from './exchange.js';
import { printUrl } from './redaction.js';
import type { RegistryHost } from './registry-host.js';
import type { RegistryRequest } from './request-options.js';

export const maxRedirects = 10;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);
/** Only these keep the method and the body (RFC 9110 §15.4.8, §15.4.9). */
const sameMethodStatuses = new Set([307, 308]);

/** A redirect that breaks a rule. What lies behind it is unknown. */
export class RefusedRedirect extends RegistryFault {}

type Redirectable = Pick<RegistryRequest, 'repo' | 'method' | 'what' | 'isVerified'>;

/**
 * Finds where an answer redirects a request to; undefined if it does not redirect.
 *
 * @throws RefusedRedirect
 */
export function redirectTarget(
  host: RegistryHost,
  request: Redirectable,
  from: URL,
  { statusCode = 0, headers: { location } }: AnswerHead,
): URL | undefined {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (location === undefined || !(isRead ? redirectStatuses : sameMethodStatuses).has(statusCode)) return undefined;
  if (!URL.canParse(location, from.href)) throw refusedRedirect(request, 'redirects to something that is not a URL');
  const next = new URL(location, from);
  if (next.protocol === 'https:' || (next.protocol === 'http:' && from.protocol === 'http:')) return next;
  if (next.protocol !== 'https:' && next.protocol !== 'http:') {
    throw refusedRedirect(request, `redirects to ${printUrl(next)}, which is no address of HTTP`);
  }
  const isBlob = request.isVerified === true && next.protocol === 'http:';
  if (isBlob && host.followsToPlainHttp) return next;
  const setting = isBlob ? `; hosts.${host.host}.allowHttpBlobRedirects in ferry.yaml allows it` : '';
  throw refusedRedirect(request, `redirects from TLS to ${printUrl(next)}, which has none`, setting);
}

export function tooManyRedirects(request: Redirectable): RefusedRedirect {
  return refusedRedirect(request, `redirects more than ${maxRedirects} times`);
}

function refusedRedirect({ repo, what }: Redirectable, reason: string, hint = ''): RefusedRedirect {
  return new RefusedRedirect(`${reason} (request: ${what}); it was not followed${hint}`, {
    repo,
    code: 'protocol',
    decision: 'block',
  });
}
