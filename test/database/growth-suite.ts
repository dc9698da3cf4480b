import { describe, expect, test } from 'vitest';

import { emptyAudit } from '../../src/domain/audit.js';
import { eachWithStores, imageRequest, pushed, syncImage, uploadOf } from './store-fixture.js';
import type { Fixture, PlaceOf } from './store-fixture.js';

const image = 'docker.io/library/nginx:latest';
const yearsAgo = 400 * 86_400_000;

/** Tables that have a row for what is wanted, or configured, however many runs there are. */
const lasting = [
  'image_copies',
  'images_for_push',
  'pushed_images',
  'pushed_platforms',
  'target_names',
  'upstreams',
  'upstream_releases',
  'notification_channels',
  'notification_cursors',
  'notification_members',
  'kysely_migration',
  'kysely_migration_lock',
];
/** Tables that every run writes to, and the column by which their rows are forgotten. */
const forgotten: Readonly<Record<string, string>> = {
  audit_findings: 'found_at',
  audits: 'started_at',
  blob_locations: 'seen_at',
  deliveries: 'received_at',
  events: 'at',
  run_outcomes: 'recorded_at',
  runs: 'started_at',
  source_budgets: 'acquired_at',
  source_pulls: 'slice_at',
  upload_sessions: 'saved_at',
  host_habits: 'learned_at',
  requests: 'at',
  upstream_checks: 'finished_at',
  ended_sessions: 'expires_at',
};

/** Pruned by age too; a run alone writes nothing to them (`notification-suite.ts`). */
const ofNotifications = ['notification_incidents', 'notifications', 'notification_attempts'];

export function growthSuite(placeOf: PlaceOf): void {
  describe('what years of runs leave', () => {
    const use = eachWithStores(placeOf);

    test('every table has rows only for wanted images, or is pruned by age', async () => {
      expect(Object.keys(await countsOf(use())).sort()).toEqual(
        [...lasting, ...Object.keys(forgotten), ...ofNotifications].sort(),
      );
    });

    test('a tag that moves in every run adds no rows except for history that is pruned', async () => {
      const { stores, sql } = use();
      await stores.wanted.addWanted([imageRequest('nginx:latest')]);
      await oneRun(use(), 0);
      const once = await countsOf(use());

      for (let number = 1; number <= 12; number += 1) await oneRun(use(), number);
      const grown = await countsOf(use());
      for (const [table, column] of Object.entries(forgotten)) {
        await sql(`update ${table} set ${column} = ${column} - ${yearsAgo}`);
      }
      await stores.runs.pruneHistory(90, { batch: 5 });
      const left = await countsOf(use());

      for (const table of lasting) expect([table, left[table]]).toEqual([table, once[table]]);
      for (const table of Object.keys(forgotten)) expect([table, grown[table]]).not.toEqual([table, 0]);
      expect(Object.keys(forgotten).map((table) => left[table])).toEqual(Object.keys(forgotten).map(() => 0));
    });
  });
}

/** Everything that a run writes which finds the tag moved. */
async function oneRun({ stores }: Fixture, number: number): Promise<void> {
  const run = `run-${number}`;
  await stores.runs.begin({ id: run, reasons: ['schedule'] });
  await stores.deliveries.record({ id: `delivery-${number}`, owner: run }, []);
  const request = { at: Date.now(), kind: 'webhook', method: 'POST', route: '/webhooks/github', status: 202 } as const;
  await stores.requests.record([{ ...request, outcome: 'accepted', delivery: `delivery-${number}` }]);
  await stores.tags.moved([image]);
  await stores.budgets.acquire({ host: 'docker.io', rateLimitSource: '' }, { pulls: 100, windowMs: 21_600_000 });
  await stores.names.claim({ targetRepository: 'h/nginx', sourceRepository: 'docker.io/library/nginx', target: 'h' });
  await stores.states.save('dify', { release: `1.${number}.0`, fingerprint: 'f' });
  const check = { id: run, upstream: 'dify', workflowId: 'fetch-dify', runId: run, startedAt: 1 };
  await stores.checks.record({ ...check, report: {} });
  await stores.endedSessions.end(`session-${number}`, Date.now());
  await stores.releases.save('dify', [{ release: '1.0.0', images: [] }]);
  await stores.blobs.record('h', 'nginx', [`sha256:${number}`]);
  await stores.uploads.save(uploadOf(`sha256:${String(number % 10).repeat(64)}`));
  await stores.habits.save(`h${number}`, { afterBreak: 'keeps-bytes' });
  const copy = pushed('aliyun', 'nginx:latest', ['linux/amd64', 'linux/arm64']);
  if (copy.state !== 'pushed') throw new Error('it is pushed');
  const moved = copy.platforms.map((platform) => ({ ...platform, digest: `sha256:${platform.platform}-${number}` }));
  await syncImage(stores, image, { targets: [{ ...copy, digest: `sha256:${number}`, platforms: moved }] }, { run });
  await stores.runs.finish({ id: run, summary: {} });
  await oneAudit(stores, `audit-${number}`);
}

async function oneAudit({ audits }: Fixture['stores'], id: string): Promise<void> {
  await audits.begin({ id, who: 'schedule', scope: { deep: false } });
  const copies = await audits.copies({ targets: ['aliyun'], limit: 10 });
  const drift = { kind: 'lost', reason: 'it is gone' } as const;
  await audits.record(
    id,
    copies.map((copy) => ({ copy, isDeep: false, drift })),
    'report',
  );
  await audits.finish(id, { summary: emptyAudit });
}

async function countsOf({ settings, rows }: Fixture): Promise<Readonly<Record<string, number>>> {
  const names = await rows(
    settings.kind === 'mysql'
      ? 'select table_name as name from information_schema.tables where table_schema = database()'
      : "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'",
  );
  const counts: Record<string, number> = {};
  for (const name of names.map((row) => String(row['name']))) {
    const [row] = await rows(`select count(*) as c from ${name}`);
    counts[name] = Number(row?.['c']);
  }
  return counts;
}
