import { IncomingMessage } from 'node:http';

import { RegistryError } from '../errors.js';
import { RegistryFault } from '../registry-errors.js';
import type { BodyBudget } from './body-budget.js';
import { parseChallenges } from './challenge.js';
import { notePulls, takePull } from './counted-pulls.js';
import { openExchange } from './exchange.js';
import type { Answer, AnswerHead, LocatedAnswer, OpenExchange } from './exchange.js';
import { markMirrorsBad, readFromMirror } from './mirrored-read.js';
import type { Reply } from './mirrored-read.js';
import { networkFault } from './network-fault.js';
import { factsOf, observeAnswer } from './observed-request.js';
import { notePushBack, watchRead, watchUpload } from './push-back.js';
import { statusesOf } from './quirks.js';
import { followRedirects, redirectToken } from './redirects.js';
import type { RegistryHost } from './registry-host.js';
import { exchangeOptions } from './request-options.js';
import type { GetRequest, RegistryRequest } from './request-options.js';
import { BodyTooLarge, discardBody, readBody } from './response-body.js';
import { responseFault } from './response-fault.js';
import type { FailedRequest } from './response-fault.js';
import { retrying } from './retrying.js';
import { withUnused } from './unused-credentials.js';

const errorBodyLimitBytes = 1024 * 1024;
const maxAttempts = 4;

/**
 * Sends one request to a registry: authorizes it, answers a challenge, follows redirects without the authorization,
 * waits for short pauses, and retries temporary faults. Reads of a source try its mirrors first.
 *
 * @returns the answer's head, with one of the expected statuses; the caller reads or discards its body
 * @throws RegistryFault for everything else, the signal's reason when aborted
 */
async function send(host: RegistryHost, request: RegistryRequest): Promise<Reply> {
  return retrying(() => readAnywhere(host, request), retryOptions(host, request)).catch(tellingUnused(host, request));
}

/** An answer with a body. */
export type BodyReply = Reply & { readonly response: IncomingMessage };

/** The same for an answer with a body. */
export async function sendForBody(host: RegistryHost, request: GetRequest): Promise<BodyReply> {
  const reply = withBody(await send(host, request));
  watchRead(host, request, reply.response);
  return reply;
}

/** The same without mirrors and retries: the caller knows which host to ask, and what to do if that fails. */
export async function sendForBodyOnce(host: RegistryHost, request: RegistryRequest): Promise<BodyReply> {
  return withBody(await sendOnce(host, request));
}

function withBody(reply: Reply): BodyReply {
  const { response } = reply;
  if (response instanceof IncomingMessage) return { ...reply, response };
  throw new TypeError(`${reply.request.what} was answered without a body`);
}

/** The same with the whole body, of at most `limitBytes`; a body that breaks off is requested again. */
export async function fetchBody(
  host: RegistryHost,
  request: RegistryRequest,
  limitBytes: number,
  imageBudget?: BodyBudget,
): Promise<{ readonly response: AnswerHead; readonly body: Buffer }> {
  return retrying(
    async () => {
      const { response } = await readAnywhere(host, request);
      try {
        const read = async (budget: BodyBudget): Promise<Buffer> =>
          await readBody(response, { ...bodyOptions(host, limitBytes, request.signal), budget });
        const body = await (imageBudget === undefined ? host.bodies.forBody(request.signal, read) : read(imageBudget));
        return { response, body };
      } catch (error) {
        const fault = bodyFault(error, host, request);
        // A mirror may have sent it: the origin is tried before the content counts as wrong. (A body that is too large
        // for an image's budget is too large from every host.)
        const isBytes = !(error instanceof RegistryError);
        if (isBytes && fault instanceof RegistryFault && markMirrorsBad(host, request)) throw passing(fault, request);
        throw fault;
      }
    },
    retryOptions(host, request),
  ).catch(tellingUnused(host, request));
}

function tellingUnused(host: RegistryHost, { repo }: RegistryRequest): (error: unknown) => Promise<never> {
  return async (error) => {
    throw await withUnused(host, repo, error);
  };
}

/** The same for an answer whose body does not matter. */
export async function sendAndDiscard(host: RegistryHost, request: RegistryRequest): Promise<LocatedAnswer> {
  const { response, url } = await send(host, request);
  discardBody(response);
  const { statusCode = 0, headers } = response;
  return { statusCode, headers, url };
}

/** An authorized request whose body the caller writes; it is not retried, and its answer is not classified. */
export async function openUpload(host: RegistryHost, request: RegistryRequest): Promise<OpenExchange & { url: URL }> {
  const { repo, scopes, signal } = request;
  await host.ready(signal);
  const { url, own } = await resolveUrl(host, request);
  const authorization = own ? await host.authorization.header(repo, scopes) : redirectToken(host, repo, url);
  const open = openExchange(url, exchangeOptions(host, request, url, own, authorization));
  observeAnswer(host, factsOf(request), url, open.response);
  watchUpload(host, request, open);
  return { ...open, url };
}

/** Reads the body of an unexpected answer and classifies it. */
export async function unexpected(
  host: RegistryHost,
  response: Answer,
  { signal, ...request }: Omit<FailedRequest, 'url'> & Pick<RegistryRequest, 'signal'>,
  url?: URL,
): Promise<RegistryFault> {
  let body: Buffer;
  try {
    const options = bodyOptions(host, errorBodyLimitBytes, signal);
    body = await host.bodies.forBody(signal, async (budget) => await readBody(response, { ...options, budget }));
  } catch {
    // The status alone is enough: a body that breaks off or never ends adds nothing to it.
    signal?.throwIfAborted();
    body = Buffer.alloc(0);
  }
  const fault = responseFault(response, body, { ...request, ...(url === undefined ? {} : { url }) });
  if (fault.code === 'rate-limited' || (fault.status === 503 && fault.retryAfterMs !== undefined)) {
    host.hold(fault.retryAfterMs ?? host.timing.backoffMs);
  }
  notePushBack(host, request, fault.status ?? 0);
  return fault;
}

/** A mirror that has the content saves a request to the origin; if mirrors fail, the origin's answer counts. */
async function readAnywhere(host: RegistryHost, request: RegistryRequest): Promise<Reply> {
  return (await readFromMirror(host, request, sendOnce)) ?? (await sendOnce(host, request));
}

async function sendOnce(host: RegistryHost, request: RegistryRequest): Promise<Reply> {
  const { repo, scopes, expect, signal } = request;
  await host.ready(signal);
  const early = await askPlain(host, request);
  const { url, own } = await resolveUrl(host, request);
  let authorization = own ? await host.authorization.header(repo, scopes) : redirectToken(host, repo, url);
  await learnAllowance(host, request);
  await takePull(host, request);

  for (let challenged = false; ; challenged = true) {
    const sentAt = performance.now();
    const isFirst = url.protocol === 'http:' && !challenged && authorization === undefined;
    const first = isFirst ? early : undefined;
    const followed = await followRedirects(host, request, url, own, authorization, first);
    const { response, url: answeredAt, crossed } = followed;
    if (request.method === 'HEAD' && first === undefined) host.answeredIn(performance.now() - sentAt);
    await notePulls(host, request, response, sentAt);
    const status = response.statusCode ?? 0;
    const reply: Reply = { response, url: answeredAt, crossed, host, request };
    if (expect.includes(status)) return reply;
    const isWithToken = challenged && authorization?.startsWith('Bearer ') === true;
    // A storage's refusal says nothing about the account's rights at the registry, nor does a 401 without a token.
    const mayBeDenial = request.deniedIsAnswer === true && !crossed && (status !== 401 || isWithToken);
    if (mayBeDenial && statusesOf('hides-absent').includes(status)) return reply;
    if (crossed) throw await refusedElsewhere(host, response, request, answeredAt);
    if (status !== 401 || challenged || !own) {
      const isGranted = own && host.authorization.hasGranted(authorization);
      throw await unexpected(host, response, { ...request, isGranted }, answeredAt);
    }

    const challenges = parseChallenges(response.headers['www-authenticate'] ?? '');
    const fault = await unexpected(host, response, request, answeredAt);
    authorization = await host.authorization.answer(challenges, repo, { scopes, rejected: authorization });
    if (authorization === undefined) throw fault;
  }
}

/**
 * Sends the first HEAD to a loopback host beside the question whether TLS is spoken there. It has no authorization, so a
 * server with TLS learns no more from it than the path.
 *
 * @returns undefined if it is known what is spoken; the answer in a promise that never rejects
 */
async function askPlain(
  host: RegistryHost,
  request: RegistryRequest,
): Promise<{ readonly answer: Promise<AnswerHead | undefined> } | undefined> {
  if (request.method !== 'HEAD' || typeof request.url !== 'string') return undefined;
  const base = await host.plainGuess();
  if (base === undefined) return undefined;
  const url = new URL(request.url, base);
  const options = exchangeOptions(host, request, url, true, undefined);
  const { heads } = options.network;
  if (heads === undefined) return undefined;
  const sentAt = performance.now();
  const guess = heads.ask(url, options);
  observeAnswer(host, factsOf(request), url, guess);
  const answer = guess.then(
    (found) => {
      host.answeredIn(performance.now() - sentAt);
      return found;
    },
    () => undefined,
  );
  return { answer };
}

/**
 * Learns a source's limit from the answer to a HEAD, which is free, before the first read that the source counts. An
 * image that one worker planned and another one copies begins with a GET: it would not be booked.
 */
async function learnAllowance(host: RegistryHost, request: RegistryRequest): Promise<void> {
  if (request.pull !== 'counted' || host.pulls?.isKnown(host.host) !== false) return;
  try {
    const head = await sendOnce(host, { ...request, method: 'HEAD', pull: 'free', expect: [200] });
    discardBody(head.response);
  } catch (error) {
    request.signal?.throwIfAborted();
    // If something is wrong, the read itself reports it.
    if (!(error instanceof RegistryError)) throw error;
  }
}

/**
 * A signed storage URL that refused a GET has most likely expired: the registry returns a new one. If it refused a
 * HEAD, it may have been signed for GET alone, and another request would change nothing.
 */
async function refusedElsewhere(
  host: RegistryHost,
  response: Answer,
  request: RegistryRequest,
  url: URL,
): Promise<RegistryFault> {
  const fault = await unexpected(
    host,
    response,
    { ...request, what: `${request.what} at its storage`, isElsewhere: true },
    url,
  );
  const mayHaveExpired = request.method === 'GET' && [400, 403, 410].includes(response.statusCode ?? 0);
  return mayHaveExpired ? passing(fault, request) : fault;
}

function passing({ reason, status }: RegistryFault, { repo }: RegistryRequest): RegistryFault {
  return new RegistryFault(reason, {
    repo,
    code: 'server-error',
    decision: 'retry',
    status,
  });
}

/**
 * Upload locations may be absolute with the wrong scheme or port (a proxy that does not forward them): on the
 * registry's own host its own origin is used. Any other origin gets no authorization.
 */
async function resolveUrl(
  host: RegistryHost,
  { url, repo, foreign = false, isVerified = false, signal }: RegistryRequest,
): Promise<{ url: URL; own: boolean }> {
  const base = await host.base(repo, signal);
  if (typeof url === 'string') return { url: new URL(url, base), own: true };
  if (foreign || url.hostname !== base.hostname) {
    const isPlainAllowed = base.protocol === 'http:' || (isVerified && host.followsToPlainHttp);
    if (url.protocol === 'https:' || isPlainAllowed) return { url, own: false };
    throw new RegistryFault(`it sent the upload to ${url.host} without TLS; nothing was sent there`, {
      repo,
      code: 'protocol',
      decision: 'block',
    });
  }
  const own = new URL(url);
  own.protocol = base.protocol;
  own.host = base.host;
  return { url: own, own: true };
}

function bodyFault(error: unknown, host: RegistryHost, { repo, what, signal }: RegistryRequest): Error {
  signal?.throwIfAborted();
  if (error instanceof BodyTooLarge) {
    return new RegistryFault(`its answer to ${what} is too large: ${error.message}`, {
      repo,
      code: 'manifest-too-large',
      decision: 'block',
    });
  }
  return networkFault(error, repo, new URL(`https://${host.host}/`));
}

function bodyOptions(
  { timing }: RegistryHost,
  limitBytes: number,
  signal: AbortSignal | undefined,
): Omit<Parameters<typeof readBody>[1], 'budget'> {
  return { limitBytes, idleMs: timing.idleMs, signal };
}

function retryOptions(
  host: RegistryHost,
  { attempts = maxAttempts, signal }: RegistryRequest,
): Parameters<typeof retrying>[1] {
  return { attempts, timing: host.timing, signal };
}
