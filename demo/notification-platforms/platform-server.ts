/** What the stand-ins of chat platforms share: an HTTP server that remembers what it received. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PlatformRequest {
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** JSON of the body; an empty object for anything else. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** UTC milliseconds by the clock of the platform. */
  readonly at: number;
}

export interface PlatformAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether people see the message. */
  readonly isAccepted: boolean;
  /** Its text, and its ID where the platform has one. */
  readonly text?: string | undefined;
  readonly id?: string | undefined;
}

export interface ReceivedMessage extends PlatformAnswer {
  readonly at: number;
  readonly request: PlatformRequest;
}

export interface PlatformOptions {
  /** UTC milliseconds; default: the machine's clock. */
  readonly clock?: () => number;
  /** The platform's minutes take this part of a minute, so that a test is not slower than it must be. */
  readonly factor?: number;
}

/** A running stand-in. */
export interface Platform {
  /** Address of the webhook, with its secret. */
  readonly url: string;
  /** Everything that arrived, accepted or not. */
  readonly received: readonly ReceivedMessage[];
  /** What people see. */
  readonly accepted: readonly ReceivedMessage[];
  /** The next answers are these instead. */
  answerNext(...answers: readonly (Omit<PlatformAnswer, 'isAccepted'> | 'hang-up')[]): void;
  /** Called when a request has arrived whole and was handled, before it is answered, or not: after `hang-up`. */
  onRequest?: (() => 'hang-up' | undefined | void | Promise<void>) | undefined;
  stop(): Promise<void>;
}

export async function startPlatform(
  path: string,
  handle: (request: PlatformRequest) => PlatformAnswer,
  { clock = Date.now }: PlatformOptions = {},
): Promise<Platform> {
  const received: ReceivedMessage[] = [];
  const next: (Omit<PlatformAnswer, 'isAccepted'> | 'hang-up')[] = [];
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const body = await textOf(incoming);
      const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
      const request = { url, headers: incoming.headers, body, fields: fieldsOf(body), at: clock() };
      const prepared = next.shift();
      if (prepared === 'hang-up') {
        incoming.socket.destroy();
        return;
      }
      const answer = prepared === undefined ? handle(request) : { ...prepared, isAccepted: false };
      received.push({ ...answer, at: request.at, request });
      if ((await platform.onRequest?.()) === 'hang-up') {
        incoming.socket.destroy();
        return;
      }
      outgoing.writeHead(answer.status, answer.headers);
      outgoing.end(answer.body);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const platform: Platform = {
    url: `http://127.0.0.1:${port}${path}`,
    received,
    get accepted() {
      return received.filter(({ isAccepted }) => isAccepted);
    },
    answerNext: (...answers) => void next.push(...answers),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return platform;
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function fieldsOf(body: string): PlatformRequest['fields'] {
  try {
    const value = JSON.parse(body) as unknown;
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** A value in JSON, such as `fieldAt(body, 'markdown', 'title')`; undefined if it is no text. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  let inner = value;
  for (const key of path) {
    inner = typeof inner === 'object' && inner !== null ? (inner as Readonly<Record<string, unknown>>)[key] : undefined;
  }
  return typeof inner === 'string' ? inner : undefined;
}
