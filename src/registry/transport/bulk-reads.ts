import { Agent as PlainAgent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import type { Socket } from 'node:net';

import { Intake } from './intake.js';

/** TLS gives its records one by one, 16 KiB each: so many are handed on together. */
const GATHERED_BYTES = 256 * 1024;

type Connect = PlainAgent['createConnection'];
type ConnectTls = TlsAgent['createConnection'];

const intakes = new WeakMap<Socket, Intake>();

/** Absent: the connection was made by another agent. */
export function intakeOf(socket: Socket): Intake | undefined {
  return intakes.get(socket);
}

/** Keeps connections like node's agent, and reads them in larger pieces. */
export class BulkPlainAgent extends PlainAgent {
  override createConnection(...[options, callback]: Parameters<Connect>): ReturnType<Connect> {
    const intake = new Intake(0);
    const socket = super.createConnection({ ...options, onread: intake.onread } as typeof options, callback);
    return joined(socket, intake);
  }
}

/** The same over TLS. */
export class BulkTlsAgent extends TlsAgent {
  override createConnection(...[options, callback]: Parameters<ConnectTls>): ReturnType<ConnectTls> {
    const intake = new Intake(GATHERED_BYTES);
    const socket = super.createConnection({ ...options, onread: intake.onread } as typeof options, callback);
    return joined(socket, intake);
  }
}

function joined<T>(socket: T, intake: Intake): T {
  intake.socket = socket as Socket;
  intakes.set(socket as Socket, intake);
  // Before anybody learns that the connection is over, they get what it has brought.
  for (const event of ['end', 'error', 'close']) intake.socket.prependListener(event, () => intake.flush());
  return socket;
}
