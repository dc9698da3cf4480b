import { parseBoundedJson } from '../oci/bounded-json.js';
import { RegistryFault } from '../registry-errors.js';
import type { RegistryDiagnostic } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { classifyResponse } from './classify-response.js';
import type { AnswerHead } from './exchange.js';
import { printUrl, redactText } from './redaction.js';
import type { RegistryRequest } from './request-options.js';
import { parseRetryAfter } from './retrying.js';

const excerptCharacters = 300;

/** What was requested, and from which registry. */
export type FailedRequest = Pick<RegistryRequest, 'repo' | 'method' | 'resource' | 'what'> & {
  /** What answered; absent: the registry itself. */
  readonly url?: URL;
  /** A redirect went to another origin, which answered. */
  readonly isElsewhere?: boolean;
  /** The request had a token from a token service for this request. */
  readonly isGranted?: boolean;
};

/** Turns an unexpected answer into a fault. */
export function responseFault(
  response: AnswerHead,
  body: Buffer,
  { repo, method, resource, what, url, isElsewhere = false, isGranted = false }: FailedRequest,
): RegistryFault {
  const status = response.statusCode ?? 0;
  const diagnostics = readDiagnostics(body);
  const said = saidBy(body, diagnostics);
  const { code, decision, advice } = classifyResponse(status, {
    side: repo.side,
    method,
    resource,
    said: withoutName(said, repo),
    codes: diagnostics.map((entry) => entry.code),
    isElsewhere,
    lacksRights: lacksRights(response.headers['www-authenticate'] ?? '', isGranted),
  });
  const retryAfterMs = parseRetryAfter(response.headers['retry-after'], clockOf(response));
  const hint = redirectHint(response, url ?? new URL(`https://${repo.host}/`)) ?? advice;
  const message = [
    `answered ${status} to ${what}`,
    said === '' ? '' : `: ${said}`,
    hint === undefined ? '' : `; ${hint}`,
  ];
  return new RegistryFault(message.join(''), {
    repo,
    status,
    resource,
    diagnostics,
    code,
    // The registry announced how long it is closed: no failure, and no retry before that.
    decision: status === 503 && decision === 'retry' && retryAfterMs !== undefined ? 'wait' : decision,
    retryAfterMs,
  });
}

/** A registry configured with http:// that has moved to TLS redirects everything, including uploads. */
function redirectHint({ statusCode = 0, headers: { location } }: AnswerHead, base: URL): string | undefined {
  if (statusCode < 300 || statusCode > 399 || location === undefined) return undefined;
  if (!URL.canParse(location, base.href)) return undefined;
  return `it points to ${printUrl(new URL(location, base))}: is that its right address?`;
}

/** A token that is valid, but not for this request (RFC 6750 §3.1). */
function lacksRights(challenge: string, isGranted: boolean): boolean {
  const error = /\berror="?(\w+)/i.exec(challenge)?.[1]?.toLowerCase();
  return error === 'insufficient_scope' || (isGranted && error !== 'invalid_token');
}

/** The registry's clock, if it sends one: a date to retry at refers to that clock, and neither needs to be right. */
function clockOf({ headers }: Pick<AnswerHead, 'headers'>): number {
  const told = Date.parse(headers.date ?? '');
  return Number.isNaN(told) ? Date.now() : told;
}

/** Registries name the repository in details; a name may hold anything: `envoyproxy/ratelimit`, `team/quota`. */
function withoutName(said: string, { repository }: RepositoryRef): string {
  return said.replaceAll(repository.includes('/') ? repository : `"${repository}"`, '');
}

/** The registry's own error list, [] if the body is something else (HTML of a proxy, nothing). */
export function readDiagnostics(body: Buffer): readonly RegistryDiagnostic[] {
  let parsed: unknown;
  try {
    parsed = parseBoundedJson(body.toString('utf8'));
  } catch {
    return [];
  }
  const errors = typeof parsed === 'object' && parsed !== null && 'errors' in parsed ? parsed.errors : undefined;
  if (!Array.isArray(errors)) return [];
  return errors.slice(0, 10).flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { code, message, detail } = entry as Readonly<Record<string, unknown>>;
    const more = detail === undefined || detail === null ? '' : ` ${printDetail(detail)}`;
    const text = `${typeof message === 'string' ? message : ''}${more}`;
    return [{ code: typeof code === 'string' ? shorten(code) : 'UNKNOWN', message: shorten(text) }];
  });
}

/** The text of a body, in one line; empty if it has none. */
export function saidBy(body: Buffer, diagnostics: readonly RegistryDiagnostic[] = readDiagnostics(body)): string {
  if (diagnostics.length > 0) {
    return diagnostics.map(({ code, message }) => (message === '' ? code : `${code} ${message}`)).join('; ');
  }
  return shorten(body.toString('utf8').replace(/<[^>]*>/g, ' '));
}

function printDetail(detail: unknown): string {
  return typeof detail === 'string' ? detail : (JSON.stringify(detail) ?? '');
}

function shorten(text: string): string {
  const line = redactText(text)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return line.length > excerptCharacters ? `${line.slice(0, excerptCharacters)}…` : line;
}
