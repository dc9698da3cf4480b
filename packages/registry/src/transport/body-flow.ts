import type { IncomingMessage } from 'node:http';

import type { BodyFlow, TakeBytes } from './body-tap.js';
import { unpooled } from './buffer-pool.js';
import { canBypass } from './parser-bypass.js';
import { bodyTapOf } from './pooled-agent.js';

/** Passes an answer's body on as it arrives; its end and a break are the answer's own events. */
export function flowBody(response: IncomingMessage, take: TakeBytes): BodyFlow {
  const onData = (bytes: Buffer): void => take(bytes, unpooled);
  const tap = tapOf(response, take);
  response.on('data', onData);
  return {
    pause() {
      (tap ?? response).pause();
    },
    resume() {
      (tap ?? response).resume();
    },
    close() {
      tap?.close();
      response.off('data', onData);
    },
  };
}

/** Sets a tap if the body's length is known and the parser can be bypassed. */
function tapOf(response: IncomingMessage, take: TakeBytes): BodyFlow | undefined {
  const { socket, headers } = response;
  const intake = bodyTapOf(socket);
  const length = Number(headers['content-length']);
  if (intake === undefined || !canBypass(socket) || !(length > 0)) return undefined;
  if (headers['transfer-encoding'] !== undefined) return undefined;
  // The bytes that the parser has passed on already come first.
  let early = 0;
  for (let bytes = readOut(response); bytes !== null; bytes = readOut(response)) {
    early += bytes.length;
    take(bytes, unpooled);
  }
  if (early === length) return undefined;
  return intake.tap(length - early, take);
}

function readOut(response: IncomingMessage): Buffer | null {
  return response.read() as Buffer | null;
}
