import type { IncomingHttpHeaders } from 'node:http';

import type { AnnouncedPulls } from '../pull-quota.js';
import { RegistryFault } from '../registry-errors.js';
import type { AnswerHead } from './exchange.js';
import type { RegistryHost } from './registry-host.js';
import type { RegistryRequest } from './request-options.js';

/** After a day a source is queried again; the longest window in use is Docker Hub's, six hours. */
const longestAnnouncedWindowMs = 24 * 60 * 60 * 1_000;

/**
 * Books a pull before the request that the source will count.
 *
 * @throws RegistryFault `rate-limited` (wait) if the allowance is spent
 */
export async function takePull({ host, pulls }: RegistryHost, { repo, pull }: RegistryRequest): Promise<void> {
  if (pull !== 'counted') return;
  const refusal = await pulls?.acquire(host);
  if (refusal === undefined) return;
  const { reason, freeInMs } = refusal;
  throw new RegistryFault(reason, { repo, code: 'rate-limited', decision: 'wait', retryAfterMs: freeInMs });
}

/** Passes on the allowance that an answer reports, for a request sent at `sentAt` (`performance.now`). */
export async function notePulls(
  registryHost: RegistryHost,
  { pull }: RegistryRequest,
  { statusCode, headers }: AnswerHead,
  sentAt: number,
): Promise<void> {
  if (pull === undefined) return;
  const { host, pulls } = registryHost;
  // Other answers, such as a challenge for a token, do not report the allowance.
  if (statusCode !== 200 && statusCode !== 429) return;
  const announced = readAnnouncedPulls(headers);
  // A refusal without an allowance, such as one for too many requests, does not mean that there is none.
  if (announced === undefined && statusCode === 429) return;
  registryHost.metersPulls ||= announced !== undefined;
  await pulls?.observe(host, announced, performance.now() - sentAt);
}

/**
 * Reads `ratelimit-limit: 100;w=21600` and the like; undefined if there is no limit, or one that cannot be read. A
 * source with a wrong or hostile header must not be able to block its images for years: a longer window counts as a
 * day.
 */
export function readAnnouncedPulls(headers: IncomingHttpHeaders): AnnouncedPulls | undefined {
  const limit = readQuota(headers['ratelimit-limit']);
  const left = readQuota(headers['ratelimit-remaining']);
  if (limit?.seconds === undefined || limit.seconds === 0 || limit.count === 0 || left === undefined) return undefined;
  const source = headers['docker-ratelimit-source'];
  return {
    pulls: limit.count,
    windowMs: Math.min(limit.seconds * 1000, longestAnnouncedWindowMs),
    remaining: Math.min(left.count, limit.count),
    rateLimitSource: typeof source === 'string' ? source.slice(0, 255) : '',
  };
}

function readQuota(
  header: string | readonly string[] | undefined,
): { count: number; seconds: number | undefined } | undefined {
  const [, count, seconds] = /^\s*(\d{1,9})\s*(?:;\s*w=(\d{1,8})\b.*)?$/.exec(String(header ?? '')) ?? [];
  if (count === undefined) return undefined;
  return { count: Number(count), seconds: seconds === undefined ? undefined : Number(seconds) };
}
