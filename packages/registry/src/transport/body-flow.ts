import type { IncomingMessage } from 'node:http';

import { bodyTapOf } from './pooled-agent.js';
import type { BodyFlow, TakeBytes } from './body-tap.js';
import { canBypass } from './parser-bypass.js';
import { UNPOOLED } from './buffer-pool.js';

/** Hands on an answer's body as it comes; its end and its breaking off are the answer's own events. */
export function flowBody(response: IncomingMessage, take: TakeBytes): BodyFlow {
  const onData = (bytes: Buffer): void => take(bytes, UNPOOLED);
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

/** Sets a tap where the body's length is known and the parser lets itself be bypassed. */
function tapOf(response: IncomingMessage, take: TakeBytes): BodyFlow | undefined {
  const { socket, headers } = response;
  const intake = bodyTapOf(socket);
  const length = Number(headers['content-length']);
  if (intake === undefined || !canBypass(socket) || !(length > 0)) return undefined;
  if (headers['transfer-encoding'] !== undefined) return undefined;
  // What the parser has handed out already comes first.
  let early = 0;
  for (let bytes = readOut(response); bytes !== null; bytes = readOut(response)) {
    early += bytes.length;
    take(bytes, UNPOOLED);
  }
  if (early === length) return undefined;
  return intake.tap(length - early, take);
}

function readOut(response: IncomingMessage): Buffer | null {
  return response.read() as Buffer | null;
}
