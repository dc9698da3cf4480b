/** Why images are not pushed, grouped by the cause. */
import { sql } from 'kysely';

import { groupRows } from '../domain/group-rows.js';
import { CopyState, PushStatus } from '../domain/wanted-image.js';
import { effectiveStatus } from './effective-status.js';
import type { FerryDatabase } from './ferry-database.js';
import { firstRow } from './wanted/wanted-rows.js';

/** Images that are not pushed for one reason. */
export interface OpenCause {
  readonly state: 'waiting' | 'retrying' | 'blocked';
  readonly code: string;
  /** Absent: the source is the cause. */
  readonly target?: string | undefined;
  /** Registry of the source; absent for a target, and for rows that name no image. */
  readonly host?: string | undefined;
  /** Copies of a target; rows of a source. */
  readonly images: number;
  /** The reason of one of them. */
  readonly reason: string;
  readonly sample: readonly string[];
}

interface Group extends Omit<OpenCause, 'sample' | 'target' | 'host'> {
  readonly target: string;
  readonly host: string;
}

const openStates = [CopyState.blocked, CopyState.retrying, CopyState.waiting] as const;
/** These are said of the source alone. */
const codesOfSources: ReadonlySet<string> = new Set([
  'tag-missing',
  'repository-missing',
  'platform-missing',
  'source-corrupt',
  'private-address',
]);
const mostCauses = 50;
const sampleSize = 5;
const host = sql<string>`case when instr(image, '/') > 1 then substr(image, 1, instr(image, '/') - 1) else '' end`;
const count = sql<number>`count(*)`;

/** Blocked ones first, then those with most images. */
export async function openCauses(database: FerryDatabase): Promise<readonly OpenCause[]> {
  const groups = causesOf([...(await copyGroups(database)), ...(await rowGroups(database))]);
  const order = (cause: Group): number => openStates.indexOf(cause.state);
  const sorted = groups.toSorted((a, b) => order(a) - order(b) || b.images - a.images).slice(0, mostCauses);
  const causes: OpenCause[] = [];
  for (const cause of sorted) {
    const { target, host: from } = cause;
    const place = target === '' ? { host: from === '' ? undefined : from } : { target };
    const { state, code, images, reason } = cause;
    causes.push({ state, code, images, reason, ...place, sample: await sampleOf(database, cause) });
  }
  return causes;
}

/** A target is the cause of its copies, unless all targets say the same of the source. */
function causesOf(groups: readonly Group[]): readonly Group[] {
  const bySource = groupRows(groups, ({ state, code, host: from }) => [state, code, from].join(' '));
  const causes: Group[] = [];
  for (const same of bySource.values()) {
    const [first] = same;
    if (first === undefined) continue;
    const isShared =
      same.length > 1 && same.every(({ images, reason }) => images === first.images && reason === first.reason);
    if (codesOfSources.has(first.code) || isShared) {
      causes.push({ ...first, target: '', images: Math.max(...same.map(({ images }) => images)) });
    } else causes.push(...same);
  }
  const merged = groupRows(causes, ({ state, code, target, host: from }) =>
    [state, code, target, target === '' ? from : ''].join(' '),
  );
  return [...merged.values()].flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : [{ ...first, images: same.reduce((sum, { images }) => sum + images, 0) }];
  });
}

async function copyGroups({ queries }: FerryDatabase): Promise<readonly Group[]> {
  const wanted = queries
    .selectFrom('images_for_push')
    .select('images_for_push.image')
    .where('images_for_push.image', 'is not', null)
    .where(effectiveStatus, 'in', [PushStatus.pending, PushStatus.blocked]);
  const rows = await queries
    .selectFrom('image_copies')
    .select(['state', 'code', 'target', host.as('host'), count.as('images')])
    .select(sql<string | null>`min(reason)`.as('reason'))
    .where('state', 'in', [...openStates])
    .where('image', 'in', wanted)
    .groupBy(['state', 'code', 'target', 'host'])
    .execute();
  return rows.map(({ state, code, target, host: from, images, reason }) => ({
    state: state as OpenCause['state'],
    code: code ?? 'internal',
    target,
    host: from,
    images: Number(images),
    reason: reason ?? '',
  }));
}

/** Blocked rows without a blocked copy: no run has tried to copy them. */
async function rowGroups({ queries }: FerryDatabase): Promise<readonly Group[]> {
  const blocked = queries
    .selectFrom('image_copies')
    .select('image_copies.image')
    .where('state', '=', CopyState.blocked);
  const code = sql<string>`case when push_status = ${PushStatus.blocked} then coalesce(blocked_code, 'internal') else 'invalid-row' end`;
  const rows = await queries
    .selectFrom('images_for_push')
    .select([code.as('code'), host.as('host'), count.as('images')])
    .select(sql<string | null>`min(blocked_reason)`.as('reason'))
    .where(firstRow, 'is', null)
    .where(effectiveStatus, '=', PushStatus.blocked)
    .where((is) => is.or([is('image', 'is', null), is.not(is('image', 'in', blocked))]))
    .groupBy(['code', 'host'])
    .execute();
  return rows.map((row) => ({
    state: 'blocked',
    code: row.code,
    target: '',
    host: row.host ?? '',
    images: Number(row.images),
    reason: row.reason ?? '',
  }));
}

async function sampleOf({ queries }: FerryDatabase, { state, code, target, host: from }: Group): Promise<string[]> {
  const copies = queries
    .selectFrom('image_copies')
    .select('image')
    .distinct()
    .where('state', '=', state)
    .where('code', '=', code);
  const those =
    target === ''
      ? copies.where('image', '>=', `${from}/`).where('image', '<', `${from}0`)
      : copies.where('target', '=', target);
  const rows = await those.orderBy('image').limit(sampleSize).execute();
  if (rows.length > 0 || target !== '') return rows.map(({ image }) => image);
  const blocked = await queries
    .selectFrom('images_for_push')
    .select('image')
    .where('blocked_code', '=', code)
    .where('image', 'is not', null)
    .limit(sampleSize)
    .execute();
  return blocked.flatMap(({ image }) => image ?? []);
}
