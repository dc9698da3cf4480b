import { UpstreamFault } from './upstream-fault.js';
import { AnswerTooLong } from './bounded-responses.js';

/** A moment more than the limit says, so that the next request does not come a blink too early. */
const marginMs = 2_000;
/** What GitHub asks to wait after a secondary limit that names no time. */
const unnamedLimitMs = 60_000;

/** In characters: where a proxy answers in its place, the message is a whole web page. */
const longestMessage = 500;

export interface GitHubRequest {
  /** What was asked for, for messages: `the tags of langgenius/dify`. */
  readonly what: string;
  readonly url: string;
  readonly hasToken: boolean;
}

/** What octokit throws for an answer, as far as it is looked at. */
interface GitHubAnswer {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/**
 * Says what a failed request means. Rate limits and outages pass by themselves; what is not there, or may not be read,
 * needs a person. What is no failure of a request comes back as it is.
 */
export function githubFault(error: unknown, request: GitHubRequest): unknown {
  const { what, url } = request;
  // octokit gives a request that got no answer the status 500, and no response.
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return error;
  const answer = answerOf(error, error.status);
  if (answer === undefined) return unreachable(error, request);

  const { status, message } = answer;
  if (isRateLimit(answer)) return rateLimited(answer, request);
  switch (status) {
    case 401:
      return new UpstreamFault(`GitHub refuses GITHUB_TOKEN (401 for ${url}): set one that is valid, or none`, {
        code: 'unauthorized',
        decision: 'block',
        status,
      });
    case 403:
    case 451:
      return new UpstreamFault(`GitHub refuses to show ${what} (${status} for ${url}): ${message}`, {
        code: 'denied',
        decision: 'block',
        status,
      });
    case 404:
    case 410:
      return new UpstreamFault(`GitHub does not have ${what} (${status} for ${url})`, {
        code: 'upstream-missing',
        decision: 'block',
        status,
      });
    default:
      if (status >= 500 || status === 408) {
        return new UpstreamFault(`GitHub has trouble with ${what} (${status} for ${url})`, {
          code: 'server-error',
          decision: 'retry',
          status,
        });
      }
      return new UpstreamFault(`GitHub answered ${status} to ${url}, which was not expected: ${message}`, {
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
  const hint = hasToken ? '' : '; with GITHUB_TOKEN set it allows far more than 60 requests an hour';
  return new UpstreamFault(
    `GitHub's rate limit is used up (${status} for ${url}): it allows more in ${Math.ceil(retryAfterMs / 1000)} s${hint}`,
    { code: 'rate-limited', decision: 'wait', retryAfterMs, status },
  );
}

/** Counted by GitHub's own clock, since this machine's may be wrong. */
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
    return new UpstreamFault(`${url} did not answer with what was expected: ${cause.message}`, {
      code: 'upstream-format',
      decision: 'block',
    });
  }
  return new UpstreamFault(`GitHub cannot be reached for ${what} (${url}): ${cause.message}`, {
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
