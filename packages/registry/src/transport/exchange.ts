import { request as requestPlain } from 'node:http';
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as requestTls } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { SecureContext } from 'node:tls';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Status and fields of an answer. */
export type AnswerHead = Pick<IncomingMessage, 'statusCode' | 'headers'>;

/** The same with the URL that answered, which a redirect may have changed. */
export interface LocatedAnswer extends AnswerHead {
  readonly url: URL;
}

/** An answer whose body is still to be read, or one without a body. */
export type Answer = IncomingMessage | AnswerHead;

/** Sends HEAD requests at less cost than node's client. */
export interface HeadAsker {
  /** @returns undefined if node's client must send the request instead */
  ask(url: URL, options: ExchangeOptions): Promise<AnswerHead | undefined>;
  /** Opens connections to the host of a URL, until this many are idle. */
  open(url: URL, network: Network, count: number): void;
}

/** How to connect to a URL: the agent that keeps connections, the guard on addresses, the trusted certificates. */
export interface Network {
  readonly agent: Agent;
  /** Absent if the agent's connections do not go directly to the host. */
  readonly heads?: HeadAsker;
  /** Called with the remote address when a connection is established. */
  onConnected?(remoteAddress: string | undefined): void;
  readonly lookup?: RequestOptions['lookup'];
  /** Trusted certificates and the client's own; absent: node's default. */
  readonly secureContext?: SecureContext;
}

export interface ExchangeOptions {
  readonly method: Method;
  readonly headers: Readonly<Record<string, string>>;
  readonly network: Network;
  /** Until the connection is established. */
  readonly connectMs: number;
  /** From the end of the request until the answer begins. */
  readonly answerMs: number;
  /** On a connection of its own, which nothing used before and nothing uses afterwards. */
  readonly fresh?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

let freshConnections = 0;

/** What keeps an agent from sending a request on a connection that it has, and from keeping the new one. */
interface FreshOptions {
  /** Part of the name under which an agent keeps connections. */
  readonly freshName: number;
}

/** The number of a request that wants a connection of its own; undefined for others. For the `getName` of agents. */
export function freshNameOf(options: object | undefined): number | undefined {
  return options !== undefined && 'freshName' in options ? (options as FreshOptions).freshName : undefined;
}

/** A timeout. It has node's code for one, so that all network faults are distinguished in one file. */
export class TimedOut extends Error {
  readonly code = 'ETIMEDOUT';
}

/** Whether an error is a timeout of this client. */
export function isTimeOut(error: unknown): boolean {
  return error instanceof TimedOut;
}

export interface OpenExchange {
  readonly request: ClientRequest;
  /** Settles with the head of the answer; never an unhandled rejection. */
  readonly response: Promise<IncomingMessage>;
}

/** Sends one request and returns the head of its answer; no redirect, no retry, no classification of the status. */
export async function exchange(
  url: URL,
  { body, ...options }: ExchangeOptions & { readonly body?: Buffer | undefined },
): Promise<Answer> {
  const head = options.method === 'HEAD' ? await options.network.heads?.ask(url, options) : undefined;
  if (head !== undefined) return head;
  const { request, response } = openExchange(url, options);
  request.end(body);
  return response;
}

/** The same with the body still to be written by the caller. */
export function openExchange(
  url: URL,
  { method, headers, network, connectMs, answerMs, fresh = false, signal }: ExchangeOptions,
): OpenExchange {
  const { agent, lookup, secureContext } = network;
  const open = url.protocol === 'https:' ? requestTls : requestPlain;
  const request = open(url, {
    method,
    headers: fresh ? { ...headers, connection: 'close' } : { ...headers },
    agent,
    ...(fresh ? { freshName: ++freshConnections } : {}),
    ...(lookup === undefined ? {} : { lookup }),
    ...(secureContext === undefined ? {} : { secureContext }),
  });
  // A kept connection has the option already.
  if (!request.reusedSocket) request.setNoDelay(true);

  const response = new Promise<IncomingMessage>((resolve, reject) => {
    // A request that has no socket yet keeps the error to itself until its agent gives one, which a proxy may never do.
    const fail = (error: Error): void => {
      request.destroy(error);
      reject(error);
    };
    const abort = (): void => fail(asError(signal?.reason));
    const timers: NodeJS.Timeout[] = [];
    let answered = false;
    if (!request.reusedSocket) {
      // From here, not from the socket's event: a proxy gives the socket only after its own part is done.
      const connecting = setTimeout(() => fail(new TimedOut(`no connection within ${connectMs / 1000} s`)), connectMs);
      timers.push(connecting);
      request.once('socket', (socket) => {
        const connected = (): void => {
          clearTimeout(connecting);
          network.onConnected?.(socket.remoteAddress);
        };
        if (request.reusedSocket || isUp(socket)) clearTimeout(connecting);
        else socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', connected);
      });
    }
    request.once('finish', () => {
      if (answered) return;
      timers.push(setTimeout(() => fail(new TimedOut(`no answer within ${answerMs / 1000} s`)), answerMs));
    });
    request.once('response', (message) => {
      answered = true;
      for (const timer of timers) clearTimeout(timer);
      // The reader of a body sees that it breaks off ('close' without 'end'); without a listener node would throw.
      message.on('error', () => {});
      resolve(message);
    });
    // Not once: a second error after the first (EPIPE after an early answer) must not become an uncaught one.
    request.on('error', reject);
    request.once('close', () => {
      for (const timer of timers) clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      if (!answered) reject(new Error('the connection was closed without an answer'));
    });
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
  response.catch(() => {});
  return { request, response };
}

/** An agent may return a connection that is established already. */
function isUp(socket: Socket): boolean {
  // Only the end of the handshake is proof: a protocol is set before it.
  return socket instanceof TLSSocket ? socket.getPeerFinished() !== undefined : !socket.connecting;
}

export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
