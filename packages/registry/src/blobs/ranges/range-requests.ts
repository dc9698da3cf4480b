import type { IncomingMessage } from 'node:http';

import { sendForBodyOnce } from '../../transport/registry-request.js';
import type { BodyReply } from '../../transport/registry-request.js';
import { discardBody, encodingLabel } from '../../transport/response-body.js';
import { parseRetryAfter } from '../../transport/retrying.js';
import { announcedSize, beginsAt, endOfRange, rangeFrom } from '../byte-range.js';

/** Answers of a storage to an address that has expired, or that was made for the first request alone. */
const refusals: ReadonlySet<number> = new Set([400, 401, 403, 404, 410]);

/** Bytes `first` to the one before `end`. */
export interface ByteRange {
  readonly first: number;
  readonly end: number;
}

/** What came of the request for a range. */
export type RangeAnswer =
  | { readonly kind: 'range'; readonly response: IncomingMessage }
  /** The server does not send ranges, or not the one that was requested. */
  | { readonly kind: 'no-ranges' }
  /** It wants fewer requests (429, 503). */
  | { readonly kind: 'pushed-back'; readonly retryAfterMs: number | undefined };

/**
 * Requests further ranges of one blob from the server that sent its first bytes. If a registry redirected to a storage,
 * the storage is asked directly, without the registry, until it refuses the address.
 */
export class RangeRequests {
  readonly #size: number;
  #reply: BodyReply;
  #renewing: Promise<unknown> | undefined;

  /** @param first the answer whose body is the blob, or its rest */
  constructor(size: number, first: BodyReply) {
    this.#size = size;
    this.#reply = first;
  }

  /** @throws RegistryError, the signal's reason */
  async open(range: ByteRange, signal: AbortSignal): Promise<RangeAnswer> {
    // Another range may request a new address right now.
    await this.#renewing;
    if (!this.#reply.crossed) return this.#judge(await this.#askRegistry(range, signal), range);
    const asked = this.#reply;
    const response = await this.#askStorage(asked, range, signal);
    if (!refusals.has(response.statusCode ?? 0)) return this.#judge(response, range);
    discardBody(response);
    if (asked !== this.#reply || this.#renewing !== undefined) return this.open(range, signal);
    const renewing = this.#askRegistry(range, signal);
    this.#renewing = renewing.catch(() => {});
    try {
      return this.#judge(await renewing, range);
    } finally {
      this.#renewing = undefined;
    }
  }

  async #askStorage(
    { host, request, url }: BodyReply,
    range: ByteRange,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { response } = await sendForBodyOnce(host, {
      ...request,
      url,
      foreign: true,
      headers: rangeFrom(range.first, range.end),
      expect: [200, 206, 416, 429, 503, ...refusals],
      signal,
    });
    return response;
  }

  async #askRegistry(range: ByteRange, signal: AbortSignal): Promise<IncomingMessage> {
    const { host, request } = this.#reply;
    const headers = rangeFrom(range.first, range.end);
    const reply = await sendForBodyOnce(host, { ...request, headers, expect: [200, 206, 416, 429, 503], signal });
    if (reply.response.statusCode === 206) this.#reply = { ...reply, request };
    return reply.response;
  }

  #judge(response: IncomingMessage, { first, end }: ByteRange): RangeAnswer {
    const { statusCode, headers } = response;
    if (statusCode === 429 || statusCode === 503) {
      discardBody(response);
      return { kind: 'pushed-back', retryAfterMs: parseRetryAfter(headers['retry-after'], Date.now()) };
    }
    const size = announcedSize(response);
    const last = endOfRange(response);
    const length = Number(headers['content-length'] ?? last - first);
    const isRange = statusCode === 206 && beginsAt(response, first) && last > first && last <= end;
    const isThisBlob = (size === undefined || size === this.#size) && encodingLabel(response) === '';
    if (isRange && isThisBlob && length === last - first) return { kind: 'range', response };
    response.destroy();
    return { kind: 'no-ranges' };
  }
}
