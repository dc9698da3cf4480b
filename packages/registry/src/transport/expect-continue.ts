import type { ClientRequest } from 'node:http';

import type { Timing } from './timing.js';

/** The body sizes that a registry is known to accept. */
interface BodyTaker {
  bodyLetThrough: number;
  readonly timing: Timing;
}

/** Every proxy accepts this length: shorter bodies are not worth an announcement. */
export const unannouncedBytes = 64 * 1024;

/** Proxies limit bodies by the length in the head: a body that is longer than any before is announced first. */
export function isAnnounced({ bodyLetThrough }: BodyTaker, bytes: number): boolean {
  return bytes > bodyLetThrough;
}

/**
 * Announces the body to the server before it is sent (RFC 9110, 10.1.1), and waits until the server agrees or answers.
 * A server that does neither does not know the header: later requests do not wait for it.
 *
 * @param answered settles when an answer has come and been handled; never rejects
 */
export async function leaveToSend(
  host: BodyTaker,
  { request, answered, bytes }: { request: ClientRequest; answered: Promise<void>; bytes: number },
): Promise<void> {
  // Not among the request's initial headers: node would write them before the agent of a proxy adds its own.
  request.setHeader('expect', '100-continue');
  request.flushHeaders();
  let timer: NodeJS.Timeout | undefined;
  const letThrough = await Promise.race([
    answered.then(() => 0),
    new Promise<number>((resolve) => {
      request.once('continue', () => resolve(bytes));
      timer = setTimeout(() => resolve(Infinity), host.timing.continueMs);
    }),
  ]);
  clearTimeout(timer);
  host.bodyLetThrough = Math.max(host.bodyLetThrough, letThrough);
}
