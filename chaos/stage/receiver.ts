import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A message of the ferry. */
export interface ReceivedMessage {
  readonly id: string;
  /** JSON of a CloudEvent. */
  readonly body: string;
  readonly isSigned: boolean;
}

/** Receives the messages of a channel of kind `webhook`. */
export interface MessageReceiver {
  readonly url: string;
  /** Of Standard Webhooks: `whsec_` and base64. */
  readonly secret: string;
  /** In the order in which they came, repetitions included. */
  messages(): readonly ReceivedMessage[];
  close(): Promise<void>;
}

/** One in N messages is received, and its sender gets no answer. */
const unansweredEvery = 4;

export async function startReceiver(): Promise<MessageReceiver> {
  const key = randomBytes(32);
  const messages: ReceivedMessage[] = [];
  const server = createServer((request, response) => {
    receive(request, key).then(
      (message) => {
        messages.push(message);
        if (messages.length % unansweredEvery === 0) request.socket.resetAndDestroy();
        else response.writeHead(204).end();
      },
      () => request.socket.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/messages`,
    secret: `whsec_${key.toString('base64')}`,
    messages: () => messages,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function receive(request: IncomingMessage, key: Buffer): Promise<ReceivedMessage> {
  const body = await text(request);
  const header = (name: string): string => String(request.headers[name] ?? '');
  const id = header('webhook-id');
  const signature = createHmac('sha256', key)
    .update(`${id}.${header('webhook-timestamp')}.${body}`)
    .digest('base64');
  return { id, body, isSigned: header('webhook-signature').split(' ').includes(`v1,${signature}`) };
}
