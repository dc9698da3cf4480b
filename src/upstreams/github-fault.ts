import { AnswerTooLong } from './bounded-responses.js';
import { UpstreamFault } from './upstream-fault.js';

/** Added to the reported time, so that the next request is not a moment too early. */
const marginMs = 2_000;
/** Wait time that GitHub recommends after a secondary limit without a time. */
const unnamedLimitMs = 60_000;

/** In characters: a proxy may answer with a whole web page. */
const longestMessage = 500;

export interface GitHubRequest {
  /** What was requested, for messages: `the tags of langgenius/dify`. */
  readonly what: string;
  readonly url: string;
  readonly hasToken: boolean;
}

/** The fields of octokit's error that are used. */
interface GitHubAnswer {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/**
 * Classifies a failed request. Rate limits and outages are temporary; a missing or forbidden resource needs a person.
 * Errors that are not about a request are returned unchanged.
 */
export function githubFault(error: unknown, request: GitHubRequest): unknown {
  const { what, url } = request;
  // For a request without a response octokit sets the status 500 and no response.
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return error;
  const answer = answerOf(error, error.status);
  if (answer === undefined) return unreachable(error, request);

  const { status, message } = answer;
  if (isRateLimit(answer)) return rateLimited(answer, request);
  switch (status) {
    case 401:
      return new UpstreamFault(`GitHub rejected GITHUB_TOKEN (401 for ${url}): set a valid token, or unset it`, {
        code: 'unauthorized',
        decision: 'block',
        status,
      });
    case 403:
    case 451:
      return new UpstreamFault(`GitHub denied access to ${what} (${status} for ${url}): ${message}`, {
        code: 'denied',
        decision: 'block',
        status,
      });
    case 404:
    case 410:
      return new UpstreamFault(`GitHub has no such resource: ${what} (${status} for ${url})`, {
        code: 'upstream-missing',
        decision: 'block',
        status,
      });
    default:
      if (status >= 500 || status === 408) {
        return new UpstreamFault(`GitHub failed to return ${what} (${status} for ${url})`, {
          code: 'server-error',
          decision: 'retry',
          status,
        });
      }
      return new UpstreamFault(`unexpected response ${status} from GitHub to ${url}: ${message}`, {
        code: 'upstream-format',
        decision: 'block',
        status,
      });
  }
}

function isRateLimit({ status, message, headers }: GitHubAnswer): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  return headers['x-ratelimit-remaining'] === '0' || 'retry-after' in headers || /rate limit|abuse/i.test(message);
}

function rateLimited({ status, headers }: GitHubAnswer, { url, hasToken }: GitHubRequest): UpstreamFault {
  const retryAfterMs = waitOf(headers) + marginMs;
  const hint = hasToken ? '' : '; set GITHUB_TOKEN to raise the limit of 60 requests per hour';
  return new UpstreamFault(
    `GitHub's rate limit is used up (${status} for ${url}): retry in ${Math.ceil(retryAfterMs / 1000)} s${hint}`,
    { code: 'rate-limited', decision: 'wait', retryAfterMs, status },
  );
}

/** By GitHub's own clock, since this machine's may be wrong. */
function waitOf(headers: GitHubAnswer['headers']): number {
  const retryAfter = Number(headers['retry-after']);
  if (Number.isFinite(retryAfter)) return Math.max(0, retryAfter * 1_000);

  const reset = Number(headers['x-ratelimit-reset']) * 1_000;
  const now = Date.parse(String(headers['date']));
  if (headers['x-ratelimit-remaining'] !== '0' || !Number.isFinite(reset)) return unnamedLimitMs;
  return Math.max(0, reset - (Number.isFinite(now) ? now : Date.now()));
}

function unreachable(error: Error, { what, url }: GitHubRequest): UpstreamFault {
  let cause = error;
  while (cause.cause instanceof Error) cause = cause.cause;
  if (cause instanceof AnswerTooLong) {
    return new UpstreamFault(`unexpected response from ${url}: ${cause.message}`, {
      code: 'upstream-format',
      decision: 'block',
    });
  }
  return new UpstreamFault(`cannot reach GitHub for ${what} (${url}): ${cause.message}`, {
    code: 'unreachable',
    decision: 'retry',
  });
}

function answerOf(error: Error, status: number): GitHubAnswer | undefined {
  const response: unknown = 'response' in error ? error.response : undefined;
  if (typeof response !== 'object' || response === null) return undefined;
  const headers = 'headers' in response ? response.headers : undefined;
  return {
    status,
    message: error.message.slice(0, longestMessage),
    headers: typeof headers === 'object' && headers !== null ? { ...headers } : {},
  };
}
