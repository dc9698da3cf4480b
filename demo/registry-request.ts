import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

/** The user agent of these tools in a registry's log. It separates their requests from those of the ferry. */
export const userAgent = 'image-ferry-demo';

export interface RegistryAddress {
  /** `http://127.0.0.1:5000` */
  readonly url: string;
  /** PEM certificate to trust, for a server with one of its own. */
  readonly ca?: string;
  readonly credentials?: { readonly user: string; readonly password: string };
}

export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Path with query, or a whole URL as a `Location` may be. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | Readable;
  readonly expected: readonly number[];
}

export interface RegistryAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/**
 * One exchange with a registry, as plain as it can be: what the ferry did is judged with it, so nothing of `src/` is
 * in it.
 *
 * @throws Error when the status is not one of `expected`
 */
export async function registryRequest(address: RegistryAddress, request: RegistryRequest): Promise<RegistryAnswer> {
  const { method, path, headers = {}, body, expected } = request;
  const response = await send(address, { method, path, headers, ...(body === undefined ? {} : { body }) });
  const answer = await buffer(response);
  const status = response.statusCode ?? 0;
  if (expected.includes(status)) return { status, headers: response.headers, body: answer };
  throw new Error(`${method} ${address.url} ${path} answered ${status}: ${answer.toString('utf8', 0, 500)}`);
}

async function send(
  address: RegistryAddress,
  { method, path, headers, body }: Pick<RegistryRequest, 'method' | 'path' | 'body'> & { headers: object },
): Promise<IncomingMessage> {
  const url = new URL(path, address.url);
  const outgoing = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    method,
    headers: { 'user-agent': userAgent, ...headers },
    // One connection each: none is left open to keep a test or the demo from ending.
    agent: false,
    ...(address.ca === undefined ? {} : { ca: address.ca }),
    ...(address.credentials === undefined
      ? {}
      : { auth: `${address.credentials.user}:${address.credentials.password}` }),
  });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject);
  });
  if (body === undefined || Buffer.isBuffer(body)) {
    outgoing.end(body);
    return response;
  }
  // A registry may answer, and hang up, before it has read the whole body: then its answer is what counts.
  const [answered] = await Promise.allSettled([response, pipeline(body, outgoing)]);
  if (answered.status === 'fulfilled') return answered.value;
  throw answered.reason;
}
