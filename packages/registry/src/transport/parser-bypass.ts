import type { Socket } from 'node:net';

/** Node's parser of HTTP calls back functions that stand in numbered fields of it. */
type Parser = Record<number, unknown>;

const FIELDS = 8;

/** Whether this node's parser is as it has been since node 12; where it is not, bodies are taken as node gives them. */
export function canBypass(socket: Socket): boolean {
  return bodyCallback(socket) !== undefined;
}

/** Gives bytes to the socket's parser, which counts those of the body and hands none of them out. */
export function feedWithoutBody(socket: Socket, bytes: Buffer): void {
  const found = bodyCallback(socket);
  if (found === undefined) return;
  const { parser, field } = found;
  const handOut = parser[field];
  parser[field] = undefined;
  try {
    socket.emit('data', bytes);
  } finally {
    // Parsers are used again, for other connections too.
    parser[field] = handOut;
  }
}

function bodyCallback(socket: Socket): { readonly parser: Parser; readonly field: number } | undefined {
  const parser = (socket as { readonly parser?: Parser | null }).parser ?? undefined;
  if (parser === undefined) return undefined;
  for (let field = 0; field < FIELDS; field += 1) {
    const callback = parser[field];
    if (typeof callback === 'function' && callback.name === 'parserOnBody') return { parser, field };
  }
  return undefined;
}
