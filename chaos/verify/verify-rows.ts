import type { Connection } from 'mysql2/promise';

import type { Violation } from './violation.js';

interface Check {
  readonly promise: Violation['promise'];
  /** What its rows are: each of them is one violation. */
  readonly what: string;
  readonly query: string;
}

const checks: readonly Check[] = [
  {
    promise: 'rows',
    what: 'a wanted image with two rows of its own',
    query: `select image, platform, count(*) as rows_found from images_for_push
      where duplicate_of is null group by image, platform having count(*) > 1`,
  },
  {
    promise: 'rows',
    what: 'a row without an identity that is no duplicate',
    query: 'select id, orig_image_name from images_for_push where image_key is null and duplicate_of is null',
  },
  {
    promise: 'rows',
    what: 'a duplicate whose status is not that of its first row',
    query: `select a.id, a.push_status, b.push_status as first_status from images_for_push a
      left join images_for_push b on b.id = a.duplicate_of
      where a.duplicate_of is not null and (b.id is null or a.push_status <> b.push_status)`,
  },
  {
    promise: 'rows',
    what: 'a name on a target with two rows of pushed_images',
    query: `select target_registry_url, registry_image_name, count(*) as rows_found from pushed_images
      group by target_registry_url, registry_image_name having count(*) > 1`,
  },
  {
    promise: 'rows',
    what: 'an image with two rows of pushed_images for one target',
    query: `select image, target_registry_url, count(*) as rows_found from pushed_images
      group by image, target_registry_url having count(*) > 1`,
  },
  {
    promise: 'rows',
    what: 'an image with two rows of image_copies for one target',
    query: 'select image, target, count(*) as rows_found from image_copies group by image, target having count(*) > 1',
  },
  {
    promise: 'rows',
    what: 'a copy that is not recorded as pushed, or with another digest than pushed_images',
    query: `select c.image, c.target, c.state, c.code, c.reason, c.digest, p.digest as pushed_digest from image_copies c
      left join pushed_images p on p.registry_image_name = c.reference
      where c.state <> 'pushed' or p.digest is null or p.digest <> c.digest`,
  },
  {
    promise: 'rows',
    what: 'a repository of a target with two sources',
    query: `select target_repository, count(distinct source_repository) as sources from target_names
      group by target_repository having count(distinct source_repository) > 1`,
  },
  {
    promise: 'idle',
    what: 'an image that is blocked',
    query: `select image, platform, blocked_code, blocked_reason from images_for_push
      where push_status not in (0, 1) and duplicate_of is null`,
  },
  {
    // A row for one more platform begins without a state, and each row of such an image has a state of its own.
    promise: 'events',
    what: 'a change that does not follow the one before it',
    query: `select id, kind, image, target, before_state, from_state, to_state from (
        select id, kind, image, target, from_state, to_state,
          lag(to_state) over (partition by image, target order by id) as before_state from events) as changes
      where (before_state <> from_state or from_state is null and before_state is not null
        and kind not in ('added', 'normalized')) and (target <> '' or image not in (
          select image from images_for_push where image is not null group by image having count(distinct platform) > 1))`,
  },
  {
    promise: 'notified',
    what: 'an incident with two messages that say the same',
    query: `select incident, channel, json_value(facts, '$.phase') as phase, count(*) as messages from notifications
      where incident is not null group by incident, channel, json_value(facts, '$.phase') having count(*) > 1`,
  },
  {
    promise: 'notified',
    what: 'two incidents of one cause at the same time',
    query: `select a.id, b.id as other, a.cause from notification_incidents a
      join notification_incidents b on b.scope = a.scope and b.cause = a.cause and b.id > a.id
      where b.opened_at < a.over_at or a.over_at = 0`,
  },
  {
    promise: 'notified',
    what: 'an incident that was announced without one message that it began and one that it is over, on each channel',
    query: `select incidents.id, incidents.kind, incidents.cause, channels.channel, count(messages.id) as messages
      from notification_incidents incidents
      cross join (select distinct channel from notifications) channels
      left join notifications messages on messages.incident = incidents.id and messages.channel = channels.channel
      where incidents.announced_at > 0 and incidents.over_at > 0
      group by incidents.id, incidents.kind, incidents.cause, channels.channel having count(messages.id) <> 2`,
  },
  {
    promise: 'notified',
    what: 'a message about an incident that was not announced',
    query: `select messages.id, messages.title from notifications messages
      join notification_incidents incidents on incidents.id = messages.incident where incidents.announced_at = 0`,
  },
  {
    promise: 'notified',
    what: 'an incident that is not over, although everything is pushed',
    query: 'select id, kind, cause, reason from notification_incidents where over_at = 0',
  },
  {
    promise: 'left',
    what: 'a sync run that is not finished',
    query: 'select id, started_at from runs where finished_at is null',
  },
  {
    promise: 'left',
    what: 'an upload that is recorded as unfinished',
    query: 'select registry, repository, tag, digest, confirmed, size from upload_sessions',
  },
  {
    // The workers still run, and each look for notifications is a transaction of milliseconds.
    promise: 'left',
    what: 'a transaction that has been open for long',
    query: `select trx_id, trx_state, trx_query, trx_started from information_schema.innodb_trx
      where trx_mysql_thread_id <> connection_id() and trx_started < now() - interval 20 second`,
  },
];

/** Looks for rows that must not be there. */
export async function verifyRows(sql: Connection): Promise<readonly Violation[]> {
  const violations: Violation[] = [];
  for (const { promise, what, query } of checks) {
    const [rows] = await sql.query(query);
    violations.push(
      ...(rows as object[]).map((row): Violation => ({ promise, text: `${what}: ${JSON.stringify(row)}` })),
    );
  }
  return violations;
}
