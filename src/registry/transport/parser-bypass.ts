import type { Socket } from 'node:net';

/** Node's parser of HTTP calls back functions that stand in numbered fields of it. */
type Parser = Record<number, unknown>;

const FIELDS = 8;

/** Whether this node's parser is as it has been since node 12; where it is not, bodies are taken as node gives them. */
export function canBypass(socket: Socket): boolean {
  return bodyField(socket) !== undefined;
}

/** Gives bytes to the socket's parser, which counts those of the body and hands none of them out. */
export function feedWithoutBody(socket: Socket, bytes: Buffer): void {
  const parser = parserOf(socket);
  const field = bodyField(socket);
  if (parser === undefined || field === undefined) return;
  const handOut = parser[field];
  parser[field] = undefined;
  try {
    socket.emit('data', bytes);
  } finally {
    // Parsers are used again, for other connections too.
    parser[field] = handOut;
  }
}

function parserOf(socket: Socket): Parser | undefined {
  return (socket as { readonly parser?: Parser | null }).parser ?? undefined;
}

function bodyField(socket: Socket): number | undefined {
  const parser = parserOf(socket);
  if (parser === undefined) return undefined;
  for (let field = 0; field < FIELDS; field += 1) {
    const callback = parser[field];
    if (typeof callback === 'function' && callback.name === 'parserOnBody') return field;
  }
  return undefined;
}
