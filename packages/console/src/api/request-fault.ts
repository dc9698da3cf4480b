import type { ClientResponse } from 'hono/client';
import type { SuccessStatusCode } from 'hono/utils/http-status';

/** A request that the server refused, or that did not arrive. The message is the server's own sentence. */
export class RequestFault extends Error {
  override name = 'RequestFault';

  readonly status: number;

  /** @param status of HTTP; 0: no answer came */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** An answer of Hono's client. */
type Answer = Pick<ClientResponse<unknown>, 'ok' | 'status' | 'statusText'> & { json(): Promise<unknown> };

/** The bodies of the answers of a route that are no refusals. */
type Body<R> = R extends ClientResponse<infer T, infer Status> ? (Status extends SuccessStatusCode ? T : never) : never;

/** The body of an answer. @throws RequestFault for anything but 2xx */
export async function bodyOf<R extends Answer>(asking: Promise<R>): Promise<Body<R>> {
  return (await (await accepted(asking)).json()) as Body<R>;
}

/** An answer that may have no body. @throws RequestFault for anything but 2xx */
export async function accepted<R extends Answer>(asking: Promise<R>): Promise<R> {
  const response = await asking.catch((error: unknown) => {
    throw new RequestFault(0, error instanceof Error ? error.message : String(error));
  });
  if (response.ok) return response;
  throw new RequestFault(response.status, await detailOf(response));
}

/** RFC 9457; a proxy in front of the server may answer with something else. */
async function detailOf(response: Answer): Promise<string> {
  const problem: unknown = await response.json().catch(() => undefined);
  if (typeof problem === 'object' && problem !== null && 'detail' in problem && typeof problem.detail === 'string') {
    return problem.detail;
  }
  return `HTTP ${response.status} ${response.statusText}`.trim();
}
