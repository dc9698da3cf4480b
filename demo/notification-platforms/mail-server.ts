import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { SMTPServer } from 'smtp-server';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** The message as it came over the line, with its headers. */
  readonly source: string;
}

export interface MailServer {
  /** `smtp://user:password@127.0.0.1:PORT` */
  readonly url: string;
  readonly received: readonly ReceivedMail[];
  stop(): Promise<void>;
}

export interface MailServerOptions {
  readonly password?: string;
  /** Recipients that it does not know. */
  readonly unknown?: readonly string[];
}

/** A mail server on 127.0.0.1 that keeps what it receives. */
export async function startMailServer({
  password = 'mail-password',
  unknown = [],
}: MailServerOptions = {}): Promise<MailServer> {
  const received: ReceivedMail[] = [];
  const server = new SMTPServer({
    authOptional: false,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onAuth: ({ username, password: given }, _session, callback) => {
      if (username === 'ferry' && given === password) callback(null, { user: 'ferry' });
      else callback(new Error('Invalid username or password'));
    },
    onRcptTo: ({ address }, _session, callback) => {
      callback(unknown.includes(address) ? Object.assign(new Error('no such user'), { responseCode: 550 }) : null);
    },
    onData: (stream, { envelope }, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        const source = Buffer.concat(chunks).toString('utf8');
        received.push({ from, to: envelope.rcptTo.map(({ address }) => address), source });
        callback(null, 'queued');
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://ferry:${encodeURIComponent(password)}@127.0.0.1:${port}`,
    received,
    stop: async () => await new Promise((resolve) => server.close(() => resolve())),
  };
}
