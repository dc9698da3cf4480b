import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';

/** Calls of a gRPC server over one connection without TLS. */
export interface GrpcSession {
  /** @param path `/package.Service/Method` @throws Error if the server does not answer in time, or answers with an error */
  call(path: string, message: Buffer): Promise<Buffer>;
  close(): void;
}

/** Length of what precedes a message: whether it is compressed, and its own length. */
const prefixBytes = 5;

/** Connects at the first call. @param timeoutMs of each call */
export function openGrpcSession(address: string, timeoutMs: number): GrpcSession {
  const session = connect(`http://${address}`);
  // Calls report it.
  session.on('error', () => undefined);
  return {
    call: async (path, message) => await call(session, path, message, timeoutMs),
    close: () => session.destroy(),
  };
}

async function call(session: ClientHttp2Session, path: string, message: Buffer, timeoutMs: number): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: path,
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-timeout': `${timeoutMs}m`,
    });
    const chunks: Buffer[] = [];
    let status: string | undefined;
    const readStatus = (headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void => {
      const found = headers['grpc-status'];
      if (typeof found === 'string') status = found;
    };
    stream.setTimeout(timeoutMs, () => stream.destroy(new Error(`${path}: no answer within ${timeoutMs} ms`)));
    stream.on('response', readStatus);
    stream.on('trailers', readStatus);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('close', () => {
      const found = status === '0' ? messageIn(Buffer.concat(chunks)) : undefined;
      if (found === undefined) reject(new Error(`${path}: gRPC status ${status ?? 'missing'}`));
      else resolve(found);
    });
    stream.end(Buffer.concat([prefixOf(message), message]));
  });
}

function prefixOf({ length }: Buffer): Buffer {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(length, 1);
  return prefix;
}

/** Undefined unless it is one message, not compressed. */
function messageIn(body: Buffer): Buffer | undefined {
  const isWhole = body.length >= prefixBytes && body.readUInt32BE(1) === body.length - prefixBytes && body[0] === 0;
  return isWhole ? body.subarray(prefixBytes) : undefined;
}
