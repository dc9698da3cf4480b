import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { verifyMessages } from '../../../chaos/verify/verify-messages.js';
import { verifyRows } from '../../../chaos/verify/verify-rows.js';
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
    'an incident that is not over, although everything is pushed',
    'an incident that is not over, although everything is pushed',
    'a sync run that is not finished',
  ]);
});

test('a message that did not arrive, one that is not recorded, and one with another content are found', async () => {
  await sql.query('delete from notifications');
  await sql.query(notification('n1', `'{}'`, 'sent'));
  await sql.query(notification('n2', `'{}'`, 'pending'));
  const message = (id: string, body: string, isSigned = true) => ({ id, body, isSigned });

  const { violations, received, repeated } = await verifyMessages(sql, [
    message('n3', 'a'),
    message('n3', 'b'),
    message('n4', 'a', false),
  ]);

  expect(violations.map(({ text }) => text)).toEqual([
    'message n3 was repeated with another content',
    'message n4 has a wrong signature',
    'message n1 counts as sent, and did not arrive: title',
    'message n2 is pending: title',
    'message n3 was sent, and is not recorded',
    'message n4 was sent, and is not recorded',
  ]);
  expect({ received, repeated }).toEqual({ received: 2, repeated: 1 });
});

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
  incident(0),
  incident(0),
  notification('m1', `'{"phase":"open"}'`, 'sent'),
  notification('m2', `'{"phase":"open"}'`, 'sent'),
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

function incident(overAt: number): string {
  return `insert into notification_incidents (scope, cause, kind, code, reason, is_shared, images, opened_at, announced_at, over_at)
    values ('s', 'c', 'target', 'unreachable', 'r', 0, 1, 1, 1, ${overAt})`;
}

function notification(id: string, facts: string, state: string): string {
  return `insert into notifications (message_id, channel, kind, incident, title, facts, state, created_at, attempts)
    values ('${id}', 'team', 'target', 1, 'title', ${facts}, '${state}', 1, 1)`;
}
