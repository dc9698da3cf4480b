import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { verifyMessages } from '../../../chaos/verify/verify-messages.js';
import { verifyRows } from '../../../chaos/verify/verify-rows.js';
import type { Platform, ReceivedMessage } from '../../../demo/notification-platforms/platform-server.js';
import { RateRule } from '../../../demo/notification-platforms/rate-rule.js';
import { openDatabase } from '../../../src/database/ferry-database.js';
import { migrate } from '../../../src/database/run-migrations.js';
import { startMariaDb } from '../../support/mariadb-server.js';
import type { MariaDbServer } from '../../support/mariadb-server.js';

let server: MariaDbServer;
let sql: Connection;

beforeAll(async () => {
  server = await startMariaDb();
  const { host, port, user, password } = server;
  const database = await openDatabase({ kind: 'mysql', host, port, user, password, database: 'ferry' });
  await migrate(database);
  await database.close();
  sql = await createConnection({ host, port, user, password, database: 'ferry' });
});
afterAll(async () => {
  sql.destroy();
  await server.stop();
});

test('an empty database keeps every promise, and each row that breaks one is found', async () => {
  const before = await verifyRows(sql);
  for (const statement of broken) await sql.query(statement);
  const after = await verifyRows(sql);

  expect(before).toEqual([]);
  expect(after.map(({ text }) => text.split(':')[0])).toEqual([
    'a wanted image with two rows of its own',
    'a row without an identity that is no duplicate',
    'a duplicate whose status is not that of its first row',
    'a copy that is not recorded as pushed, or with another digest than pushed_images',
    'an image that is blocked',
    'a change that does not follow the one before it',
    'an incident with two messages that say the same',
    'two incidents of one cause at the same time',
    'an incident that was announced without one message that it began and one that it is over, on each channel',
    'a message about an incident that was not announced',
    'an incident that is not over, although everything is pushed',
    'an incident that is not over, although everything is pushed',
    'a sync run that is not finished',
  ]);
});

test('a message that did not arrive, one that is not recorded, and one with another content are found', async () => {
  await sql.query('delete from notifications');
  await sql.query(notification('n1', { state: 'sent' }));
  await sql.query(notification('n2', { state: 'pending' }));
  const received = [accepted('n3', 'a'), accepted('n3', 'b'), accepted('n4', 'a'), refused];

  const found = await verifyMessages(sql, { webhook: platform(received), robot: robot([]) });

  expect(found.violations.map(({ text }) => text)).toEqual([
    'message n2 is pending: title',
    'the webhook refused a message: 401 no signature',
    'message n3 was repeated with another content',
    'message n3 was sent, and is not recorded',
    'message n4 was sent, and is not recorded',
    'message n1 counts as sent, and did not arrive: title',
  ]);
  expect(found).toMatchObject({ received: 2, repeated: 1, incidents: 4, announced: { target: 3 } });
});

test('a robot that shows a message too often, or not at all, or was sent too much, is found', async () => {
  await sql.query('delete from notifications');
  await sql.query(notification('n1', { state: 'sent', channel: 'robot', title: 'once' }));
  await sql.query(notification('n2', { state: 'sent', channel: 'robot', title: 'never' }));
  await sql.query(notification('n3', { state: 'sent', channel: 'robot', title: 'unknown' }));
  await sql.query(`insert into notification_attempts (notification, at, outcome)
    select id, 1, 'started' from notifications where message_id = 'n3'`);
  const shown = ['once', 'once', 'unknown', 'unknown', 'of none'].map((title) => accepted('', '', title));

  const { violations } = await verifyMessages(sql, { webhook: platform([]), robot: robot(shown, 1) });

  expect(violations.map(({ text }) => text)).toEqual([
    'the robot shows "once" 2 times; it was sent 1 times, and perhaps 0 more',
    'the robot shows "never" 0 times; it was sent 1 times, and perhaps 0 more',
    'the robot shows "of none" 1 times; it was sent 0 times, and perhaps 0 more',
    'the robot was sent too much 1 times',
  ]);
});

function accepted(id: string, body: string, title = ''): ReceivedMessage {
  const url = new URL('http://127.0.0.1');
  const request = { url, headers: {}, body, fields: { markdown: { title } }, at: 1 };
  return { status: 200, body: '', isAccepted: true, id, at: 1, request };
}

const refused: ReceivedMessage = { ...accepted('', ''), status: 401, body: 'no signature', isAccepted: false };

function platform(received: readonly ReceivedMessage[]): Platform {
  return {
    url: '',
    received,
    accepted: received.filter(({ isAccepted }) => isAccepted),
    answerNext: () => undefined,
    stop: async () => undefined,
  };
}

function robot(received: readonly ReceivedMessage[], violations = 0) {
  return { ...platform(received), rate: Object.assign(new RateRule({ count: 1, perMs: 1 }), { violations }) };
}

const broken = [
  wanted({ id: 1, key: `'k1'`, status: 1 }),
  wanted({ id: 2, key: `'k2'`, status: 1 }),
  wanted({ id: 3, key: 'null', status: 1, image: `'b'` }),
  wanted({ id: 4, key: 'null', status: 0, duplicateOf: 1 }),
  wanted({ id: 5, key: `'k5'`, status: 2, image: `'c'` }),
  `insert into image_copies (image, target, state, attempts, last_tried_at) values ('a', 'private', 'retrying', 1, 0)`,
  event('null', 'pending'),
  event(`'pending'`, 'pushed'),
  event(`'pending'`, 'pushed'),
  incident({ cause: 'c', overAt: 0 }),
  incident({ cause: 'c', overAt: 0 }),
  incident({ cause: 'd', overAt: 5 }),
  incident({ cause: 'e', overAt: 5, announcedAt: 0 }),
  notification('m1', { state: 'sent' }),
  notification('m2', { state: 'sent' }),
  notification('m3', { state: 'sent', incident: 3 }),
  notification('m4', { state: 'sent', incident: 4 }),
  `insert into runs (id, reasons, started_at) values ('r1', '[]', 1)`,
];

function wanted(row: {
  readonly id: number;
  readonly key: string;
  readonly status: number;
  readonly image?: string;
  readonly duplicateOf?: number;
}): string {
  const { id, key, status, image = `'a'`, duplicateOf = null } = row;
  return `insert into images_for_push (id, orig_image_name, image, image_key, platform, push_status, ferry_status, duplicate_of)
    values (${id}, 'name', ${image}, ${key}, 'linux/amd64', ${status}, ${status}, ${duplicateOf})`;
}

function event(from: string, to: string): string {
  return `insert into events (at, kind, image, target, from_state, to_state) values (1, 'outcome', 'z', 'private', ${from}, '${to}')`;
}

function incident({
  cause,
  overAt,
  announcedAt = 1,
}: {
  readonly cause: string;
  readonly overAt: number;
  readonly announcedAt?: number;
}): string {
  return `insert into notification_incidents (scope, cause, kind, code, reason, is_shared, images, opened_at, announced_at, over_at)
    values ('s', '${cause}', 'target', 'unreachable', 'r', 0, 1, 1, ${announcedAt}, ${overAt})`;
}

function notification(
  id: string,
  row: { readonly state: string; readonly incident?: number; readonly channel?: string; readonly title?: string },
): string {
  const { state, incident: about = 1, channel = 'team', title = 'title' } = row;
  return `insert into notifications (message_id, channel, kind, incident, title, facts, state, created_at, attempts)
    values ('${id}', '${channel}', 'target', ${about}, '${title}', '{"phase":"open"}', '${state}', 1, 1)`;
}
