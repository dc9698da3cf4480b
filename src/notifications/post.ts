/** Requests to platforms. Addresses contain secrets: they are in no error. */
import { errorMessage } from '../domain/error-message.js';
import { FerryError } from '../domain/ferry-error.js';
import { isObject } from '../domain/is-object.js';
import { visibleText } from '../domain/visible-text.js';
import type { SendResult, SenderOptions } from './sender.js';

export interface PlatformAnswer {
  readonly status: number;
  readonly text: string;
  /** JSON of the answer; an empty object for anything else. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly retryAfterMs?: number | undefined;
}

const timeoutMs = 15_000;
const longestAnswer = 4_000;
/** A platform that names no time, or an absurd one. */
const longestRetryAfterMs = 60 * 60_000;

/**
 * Posts a body and reads the answer.
 *
 * @returns a result if the platform was not reached, throttles or has trouble of its own; else its answer to be judged
 */
export async function post(
  { channel, fetch, clock }: SenderOptions,
  request: { readonly url: URL; readonly body: string; readonly headers?: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<{ readonly answer: PlatformAnswer } | { readonly result: SendResult }> {
  const { url, body, headers = {} } = request;
  let answer: PlatformAnswer;
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'image-ferry', ...headers },
      // A redirect would take the message, and perhaps the secret, to another host.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = (await readText(response)).trim();
    const retryAfterMs = retryAfterOf(response.headers.get('retry-after'), clock());
    // Web servers repeat the path that they do not have.
    answer = { status: response.status, text: withoutSecrets(text, url), fields: fieldsOf(text), retryAfterMs };
  } catch (error) {
    signal.throwIfAborted();
    return { result: { outcome: 'failed', answer: `could not reach ${channel.host}: ${whyOf(error, url)}` } };
  }
  const { status, retryAfterMs } = answer;
  if (status === 429) return { result: { outcome: 'throttled', answer: inWords(answer), retryAfterMs } };
  if (status >= 500) return { result: { outcome: 'failed', answer: inWords(answer), retryAfterMs } };
  return { answer };
}

/** `HTTP 200: {"errcode":310000,…}`: what a platform answered, in its own words. */
export function inWords({ status, text }: PlatformAnswer): string {
  return `HTTP ${status}${text === '' ? '' : `: ${visibleText(text).slice(0, 500)}`}`;
}

/** The configured address. */
export function addressOf({ channel }: Pick<SenderOptions, 'channel'>): URL {
  return new URL(channel.address());
}

async function readText(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    if (text.length < longestAnswer) continue;
    await reader.cancel();
    return text.slice(0, longestAnswer);
  }
}

function fieldsOf(text: string): PlatformAnswer['fields'] {
  try {
    const value = JSON.parse(text) as unknown;
    return isObject(value) ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function retryAfterOf(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.min(longestRetryAfterMs, Math.max(1_000, ms)) : undefined;
}

/** The innermost cause, without the address. */
function whyOf(error: unknown, url: URL): string {
  if (error instanceof FerryError) return error.message;
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1_000} s`;
  const reason = errorMessage(error instanceof Error && error.cause !== undefined ? error.cause : error);
  return withoutSecrets(reason, url);
}

/** Parts of an address that are shorter are words rather than keys: `webhook`, `open-apis`. */
const shortestKey = 6;
const shortestPlainKey = 10;

/** Hides the address, its path and its query, and each part of them that may be a key. */
function withoutSecrets(text: string, { href, search, pathname, searchParams, username, password }: URL): string {
  const whole = [href, search, pathname].filter((part) => part.length > 1);
  const named = [...searchParams.values(), username, password].filter((part) => part.length >= shortestKey);
  const folders = pathname
    .split('/')
    .filter((part) => part.length >= (/\d/.test(part) ? shortestKey : shortestPlainKey));
  const secrets = [...whole, ...named, ...folders].flatMap((part) => [part, encodeURIComponent(part), decoded(part)]);
  return secrets.reduce((hidden, secret) => hidden.replaceAll(secret, '…'), text);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part;
    throw error;
  }
}
