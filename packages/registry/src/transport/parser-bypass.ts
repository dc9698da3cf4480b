import type { Socket } from 'node:net';

/** Node's HTTP parser calls functions that are stored in its numbered fields. */
type Parser = Record<number, unknown>;

const numberedFields = 8;

/** Whether node's parser still works as it has since node 12; if not, bodies are read the usual way. */
export function canBypass(socket: Socket): boolean {
  return bodyCallback(socket) !== undefined;
}

/** Gives bytes to the socket's parser, which counts those of the body and passes none of them on. */
export function feedWithoutBody(socket: Socket, bytes: Buffer): void {
  const found = bodyCallback(socket);
  if (found === undefined) return;
  const { parser, field } = found;
  const handOut = parser[field];
  parser[field] = undefined;
  try {
    socket.emit('data', bytes);
  } finally {
    // Parsers are reused for other connections, too.
    parser[field] = handOut;
  }
}

function bodyCallback(socket: Socket): { readonly parser: Parser; readonly field: number } | undefined {
  const parser = (socket as { readonly parser?: Parser | null }).parser ?? undefined;
  if (parser === undefined) return undefined;
  for (let field = 0; field < numberedFields; field += 1) {
    const callback = parser[field];
    if (typeof callback === 'function' && callback.name === 'parserOnBody') return { parser, field };
  }
  return undefined;
}
