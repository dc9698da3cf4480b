import type { Connection } from 'mysql2/promise';

import type { ReceivedMessage } from '../stage/receiver.js';
import type { Violation } from './violation.js';

export interface VerifiedMessages {
  readonly violations: readonly Violation[];
  /** Different ones. */
  readonly received: number;
  readonly repeated: number;
}

/** Compares what was planned with what was received: nothing lost, nothing reported under two IDs. */
export async function verifyMessages(sql: Connection, messages: readonly ReceivedMessage[]): Promise<VerifiedMessages> {
  const violations: string[] = [];
  const bodies = new Map<string, string>();
  for (const { id, body, isSigned } of messages) {
    if (!isSigned) violations.push(`message ${id} has a wrong signature`);
    if ((bodies.get(id) ?? body) !== body) violations.push(`message ${id} was repeated with another content`);
    bodies.set(id, body);
  }
  const [rows] = await sql.query('select message_id as id, state, title from notifications');
  const planned = rows as { readonly id: string; readonly state: string; readonly title: string }[];
  for (const { id, state, title } of planned) {
    if (state !== 'sent' && state !== 'merged') violations.push(`message ${id} is ${state}: ${title}`);
    if (state === 'sent' && !bodies.has(id))
      violations.push(`message ${id} counts as sent, and did not arrive: ${title}`);
  }
  const known = new Set(planned.map(({ id }) => id));
  for (const id of bodies.keys()) if (!known.has(id)) violations.push(`message ${id} was sent, and is not recorded`);
  return {
    violations: violations.map((text): Violation => ({ promise: 'notified', text })),
    received: bodies.size,
    repeated: messages.length - bodies.size,
  };
}

/** Waits until everything has been reported: nothing is open, and nothing waits to be sent. */
export async function untilReported(sql: Connection, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const [rows] = await sql.query(
      `select (select count(*) from notifications where state in ('pending', 'sending'))
        + (select count(*) from notification_incidents where over_at = 0) as count`,
    );
    if (Number((rows as { count: number | string }[])[0]?.count) === 0) return true;
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
