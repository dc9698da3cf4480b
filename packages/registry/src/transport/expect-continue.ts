import type { ClientRequest } from 'node:http';
import type { Timing } from './timing.js';

/** What is known of the bodies that a registry takes. */
interface BodyTaker {
  bodyLetThrough: number;
  readonly timing: Timing;
}

/** What every proxy lets through: shorter bodies are not worth an attempt trip. */
export const UNANNOUNCED_BYTES = 64 * 1024;

/** Proxies limit bodies, and judge by the length in the head: one that is longer than any before is announced to them. */
export function isAnnounced({ bodyLetThrough }: BodyTaker, bytes: number): boolean {
  return bytes > bodyLetThrough;
}

/**
 * Asks the server whether it takes the body before it is sent (RFC 9110, 10.1.1), and waits until it does, or answers in
 * its place. One that says neither is not waited for again: it does not know the question.
 *
 * @param answered settles when an answer has come and been dealt with; never rejects
 */
export async function leaveToSend(
  host: BodyTaker,
  { request, answered, bytes }: { request: ClientRequest; answered: Promise<void>; bytes: number },
): Promise<void> {
  // Not among the headers that the request is made with: node would write them before the agent of a proxy adds its own.
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
