/** Tables as they are after years: 100,000 wanted images, of which 1,000 are pending. */
const digit =
  '(select 0 as d union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9)';
/** 100,000 rows with a column `n`, in every dialect. */
const numbers = `(select a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d as n
  from ${digit} a cross join ${digit} b cross join ${digit} c cross join ${digit} e cross join ${digit} f) numbers`;

/** Half of them were requested. */
export const pendingRows = 1_000;

export const largeTables: readonly string[] = [
  'images_for_push',
  'image_copies',
  'pushed_images',
  'pushed_platforms',
  'target_names',
  'blob_locations',
  'events',
  'run_outcomes',
];

/** @param sql runs one statement */
export async function fillLargeTables(
  sql: (statement: string) => Promise<void>,
  kind: 'mysql' | 'sqlite',
): Promise<void> {
  const text = (...parts: readonly string[]): string =>
    kind === 'mysql' ? `concat(${parts.join(', ')})` : parts.join(' || ');
  const app = text("'app-'", 'n', "':1'");
  const image = text("'ghcr.io/org/app-'", 'n', "':1'");
  const digest = text("'sha256:'", 'n');
  const key = (prefix: string): string => text(`'${prefix}'`, 'n');
  const status = 'case when n % 100 = 1 then 0 when n % 1000 = 7 then 2 when n % 1000 = 8 then 3 else 1 end';
  await sql(`insert into images_for_push (source_registry_url, orig_name_space, orig_image_name, platform,
      push_status, ferry_status, image, image_key, blocked_code, checked_at, requested_at, verified_at, source_digest, requested_by)
    select 'ghcr.io', 'org', ${app}, 'linux/amd64', ${status}, ${status},
      case when n % 1000 = 7 or n % 50 = 3 then null else ${image} end,
      case when n % 1000 = 7 or n % 50 = 3 then null else ${key('k')} end,
      case when n % 1000 = 7 then 'invalid-reference' end,
      case when n % 100 = 1 then null else 1000 + n end, case when n % 200 = 1 then 1000 + n end,
      case when n % 100 > 1 then 1000 end, case when n % 100 > 1 then ${digest} end,
      ${text(`'{"by":"upstream","id":"dify","release":"'`, 'n % 1000', `'"}'`)}
    from ${numbers} order by n`);
  await sql(`update images_for_push set duplicate_of = id - 1 where image_key is null and blocked_code is null`);
  await sql(`insert into image_copies (image, target, state, reference, digest, source_digest, attempts, last_tried_at, last_pushed_at,
      held_digest, drift)
    select ${image}, 'aliyun', case when n % 400 = 1 then 'waiting' else 'pushed' end,
      ${text("'aliyun.example.com/mirror/app-'", 'n', "':1'")}, ${digest}, ${digest}, 1, 1000, 1000,
      case when n % 10000 = 2 then ${digest} end, case when n % 10000 = 3 then 'lost' end
      from ${numbers} where n % 400 = 1 or n % 100 <> 1`);
  await sql(`insert into pushed_images (source_registry_url, target_registry_url, orig_name_space, orig_image_name,
      targ_name_space, registry_image_name, push_status, digest, platform, name_key, image, source_digest, verified_at)
    select 'ghcr.io', 'aliyun.example.com', 'org', ${app}, 'mirror', ${text("'aliyun.example.com/mirror/'", app)}, 1,
      ${digest}, 'linux/amd64', ${key('p')}, ${image}, case when n % 100 > 1 then ${digest} end, 1000 from ${numbers} order by n`);
  await sql(`insert into pushed_platforms (pushed_id, platform, digest, size)
    select n + 1, 'linux/amd64', ${digest}, n from ${numbers} where n < 20000`);
  await sql(`insert into target_names (target_repository, target_registry, source_repository, target, claimed_at)
    select ${text("'aliyun.example.com/mirror/app-'", 'n')}, 'aliyun.example.com', ${text("'ghcr.io/org/app-'", 'n')}, 'aliyun', 1000 from ${numbers} where n < 20000`);
  await sql(`insert into blob_locations (registry, digest, repository, seen_at)
    select 'aliyun.example.com', ${digest}, ${text("'mirror/app-'", 'n')}, 1000 from ${numbers} where n < 20000`);
  await sql(
    `insert into events (at, kind, image, target, to_state, considered) select 1000, 'outcome', ${image}, '', 'pushed', 1 from ${numbers} where n < 20000`,
  );
  await sql(`insert into notification_cursors (name, position) values ('events', 0), ('runs', 0)`);
  await sql(`insert into runs (id, reasons, started_at) select ${key('run-')}, '[]', n from ${numbers} where n < 1000`);
  await sql(`insert into run_outcomes (run, image, target, state, bytes_read, bytes_sent, recorded_at)
    select ${text("'run-'", 'n % 100')}, ${image}, '', 'pushed', 0, 0, 1000 from ${numbers} where n < 20000`);
  if (kind === 'mysql') {
    await sql(
      `analyze table images_for_push, image_copies, pushed_images, target_names, blob_locations, events, run_outcomes`,
    );
  }
}
