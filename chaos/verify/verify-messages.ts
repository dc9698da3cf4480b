import type { Connection } from 'mysql2/promise';

import { textAt } from '../../demo/notification-platforms/platform-server.js';
import type { Platform } from '../../demo/notification-platforms/platform-server.js';
import type { ChaosPlatforms } from '../stage/platforms.js';
import type { Violation } from './violation.js';

export interface VerifiedMessages {
  readonly violations: readonly Violation[];
  /** Different ones, by the channel with IDs. */
  readonly received: number;
  readonly repeated: number;
  /** By the channel without IDs, repetitions included. */
  readonly byRobot: number;
  /** Incidents that people were notified of, by kind, and all that there were. */
  readonly announced: Readonly<Record<string, number>>;
  readonly incidents: number;
}

interface PlannedMessage {
  readonly id: string;
  readonly channel: string;
  readonly state: string;
  readonly title: string;
  /** Attempts after which the ferry did not know whether the message had arrived. */
  readonly unknown: number | string;
}

/** Compares what was planned with what people saw: nothing lost, nothing refused, nothing reported under two IDs. */
export async function verifyMessages(
  sql: Connection,
  { webhook, robot }: Pick<ChaosPlatforms, 'webhook' | 'robot'>,
): Promise<VerifiedMessages> {
  const [rows] = await sql.query(
    `select message_id as id, channel, state, title, (select count(*) from notification_attempts a
        where a.notification = n.id and a.outcome <> 'sent') as unknown from notifications n`,
  );
  const planned = rows as PlannedMessage[];
  const ofChannel = (name: string) => planned.filter(({ channel }) => channel === name);
  const violations = [
    ...planned
      .filter(({ state }) => state !== 'sent' && state !== 'merged')
      .map(({ id, state, title }) => `message ${id} is ${state}: ${title}`),
    ...refusalsBy('webhook', webhook),
    ...refusalsBy('robot', robot),
    ...webhookFaults(webhook, ofChannel('team')),
    ...robotFaults(robot, ofChannel('robot')),
    ...(robot.rate.violations === 0 ? [] : [`the robot was sent too much ${robot.rate.violations} times`]),
  ];
  const [kinds] = await sql.query(
    'select kind, sum(announced_at > 0) as announced, count(*) as incidents from notification_incidents group by kind',
  );
  const counts = kinds as { kind: string; announced: number | string; incidents: number | string }[];
  const ids = new Set(webhook.accepted.map(({ id }) => id));
  return {
    violations: violations.map((text): Violation => ({ promise: 'notified', text })),
    received: ids.size,
    repeated: webhook.accepted.length - ids.size,
    byRobot: robot.accepted.length,
    announced: Object.fromEntries(counts.map(({ kind, announced }) => [kind, Number(announced)])),
    incidents: counts.reduce((sum, { incidents }) => sum + Number(incidents), 0),
  };
}

function refusalsBy(name: string, { received }: Pick<Platform, 'received'>): string[] {
  const refused = received.filter(({ isAccepted }) => !isAccepted);
  return refused.map(({ status, body }) => `the ${name} refused a message: ${status} ${body}`);
}

/** Repetitions have the ID and the content of the first. */
function webhookFaults({ accepted }: Pick<Platform, 'accepted'>, planned: readonly PlannedMessage[]): string[] {
  const faults: string[] = [];
  const bodies = new Map<string, string>();
  for (const { id = '', request } of accepted) {
    if ((bodies.get(id) ?? request.body) !== request.body)
      faults.push(`message ${id} was repeated with another content`);
    bodies.set(id, request.body);
  }
  const known = new Set(planned.map(({ id }) => id));
  for (const id of bodies.keys()) if (!known.has(id)) faults.push(`message ${id} was sent, and is not recorded`);
  for (const { id, state, title } of planned) {
    if (state === 'sent' && !bodies.has(id)) faults.push(`message ${id} counts as sent, and did not arrive: ${title}`);
  }
  return faults;
}

/** Messages have no ID there: one is seen twice only if the ferry could not know that it had arrived. */
function robotFaults({ accepted }: Pick<Platform, 'accepted'>, planned: readonly PlannedMessage[]): string[] {
  const sent = planned.filter(({ state }) => state === 'sent');
  const shown = accepted.map(({ request }) => textAt(request.fields, 'markdown', 'title') ?? '');
  const titles = new Set([...sent.map(({ title }) => title), ...shown]);
  return [...titles].flatMap((title) => {
    const seen = shown.filter((one) => one === title).length;
    const own = sent.filter((one) => one.title === title);
    const unknown = own.reduce((sum, one) => sum + Number(one.unknown), 0);
    if (seen >= own.length && seen <= own.length + unknown) return [];
    return [`the robot shows "${title}" ${seen} times; it was sent ${own.length} times, and perhaps ${unknown} more`];
  });
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
