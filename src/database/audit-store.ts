/** Reads the copies that an audit checks, and records what it finds. */
import { sql } from 'kysely';
import type { SqlBool } from 'kysely';

import { addFindings } from '../domain/audit.js';
import type { AuditScope, AuditSettings, AuditSummary } from '../domain/audit.js';
import { PushStatus, thereStates } from '../domain/wanted-image.js';
import {
  countFindings,
  countOpenFindings,
  readFindings,
  recordFindings,
  recordHealed,
} from './audits/audit-findings.js';
import type {
  AuditedCopy,
  AuditFinding,
  AuditReport,
  CheckedCopy,
  CopyPlace,
  FollowedFinding,
} from './audits/audit-views.js';
import { eventKind, eventsOf, isSame, judged } from './audits/judge-copy.js';
import { readAudit, readAudits } from './audits/read-audits.js';
import type { Queries } from './dialect-differences.js';
import { recordEvents } from './events.js';
import type { RecordedChange } from './events.js';
import type { FerryDatabase } from './ferry-database.js';
import { pagesOf } from './insert-rows.js';
import type { ImageCopies } from './tables.js';
import { changeStatus } from './wanted/change-status.js';
import { firstRow, forgotten, isWanted, statusBesideImage } from './wanted/wanted-rows.js';

const findingsShown = 1_000;

export class AuditStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /** Begins an audit; a second call with its ID finds the first. */
  async begin(audit: { readonly id: string; readonly who: string; readonly scope: AuditScope }) {
    const { queries, dialect } = this.#database;
    const startedAt = await dialect.now(queries);
    const row = {
      id: audit.id,
      started_at: startedAt,
      who: audit.who.slice(0, 255),
      scope: JSON.stringify(audit.scope),
    };
    await dialect.insertAbsent(queries, 'audits', [row], ['id']);
    const found = await queries
      .selectFrom('audits')
      .select('started_at')
      .where('id', '=', audit.id)
      .executeTakeFirstOrThrow();
    return { startedAt: found.started_at };
  }

  /** Copies that are recorded as pushed or adopted on these targets, of images that are still wanted, by image and target. */
  async copies(query: {
    readonly targets: readonly string[];
    readonly after?: CopyPlace | undefined;
    readonly limit: number;
  }): Promise<readonly AuditedCopy[]> {
    const { queries } = this.#database;
    const { targets, limit, after = { image: '', target: '' } } = query;
    if (targets.length === 0) return [];
    // Compared in this way, no index serves them: each page would sort every copy of the targets.
    const isOf = (column: 'target' | 'state', values: readonly string[]) =>
      sql<SqlBool>`coalesce(${sql.ref(`image_copies.${column}`)}, '') in (${sql.join(values)})`;
    const rows = await queries
      .selectFrom('image_copies')
      .select(['image_copies.image', 'image_copies.target', 'reference', 'digest'])
      .where(isOf('target', targets))
      .where(isOf('state', thereStates))
      .where('reference', 'is not', null)
      .where('digest', 'is not', null)
      .where('image_copies.image', '>=', after.image)
      .where((is) => is.or([is('image_copies.image', '>', after.image), is('image_copies.target', '>', after.target)]))
      .where((is) =>
        is.exists(
          is
            .selectFrom('images_for_push')
            .select('images_for_push.id')
            .whereRef('images_for_push.image', '=', 'image_copies.image')
            .where(isWanted),
        ),
      )
      .orderBy('image_copies.image')
      .orderBy('image_copies.target')
      .limit(limit)
      .execute();
    const pending = await this.#pending(rows.map(({ image }) => image));
    return rows.map(({ image, target, reference, digest }) => ({
      image,
      target,
      reference: reference ?? '',
      digest: digest ?? '',
      isPending: pending.has(image),
    }));
  }

  async #pending(images: readonly string[]): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (const page of pagesOf([...new Set(images)])) {
      const rows = await this.#database.queries
        .selectFrom('images_for_push')
        .select('image')
        .where('image', 'in', page)
        .where((is) => is.or([is('push_status', 'is', null), is('push_status', '=', PushStatus.pending)]))
        .execute();
      for (const { image } of rows) if (image !== null) found.add(image);
    }
    return found;
  }

  /**
   * Records what was found, in one transaction. A copy that a run has written since it was read is left out. What is to be
   * healed is pending afterwards; what was only reported, and what is right again, is noted.
   *
   * @returns the findings, with what follows from them; a repeated call finds them again
   */
  async record(
    audit: string,
    checked: readonly CheckedCopy[],
    mode: AuditSettings['mode'],
  ): Promise<readonly AuditFinding[]> {
    const { dialect, transaction } = this.#database;
    if (checked.length === 0) return [];
    return await transaction(async (queries) => {
      const now = await dialect.now(queries);
      const images = [...new Set(checked.map(({ copy }) => copy.image))];
      const rows = await dialect
        .locking(queries.selectFrom('image_copies').selectAll())
        .where('image', 'in', images)
        .execute();
      const known = new Map(rows.map((row) => [`${row.target} ${row.image}`, row]));
      const changed: ImageCopies[] = [];
      const events: RecordedChange[] = [];
      const findings: AuditFinding[] = [];
      for (const one of checked) {
        const before = known.get(`${one.copy.target} ${one.copy.image}`);
        if (before === undefined || !isSame(before, one.copy)) continue;
        const { finding, change } = judged(before, one, { audit, mode, now });
        if (finding !== undefined) findings.push(finding);
        if (change === undefined) continue;
        changed.push(change.row);
        events.push(...eventsOf(before, change.row, change.kind));
      }
      if (changed.length > 0) {
        await dialect.upsert(
          queries,
          'image_copies',
          changed.map((row) => ({ ...row })),
          ['image', 'target'],
        );
      }
      await recordFindings(queries, dialect, findings);
      await recordEvents(queries, events, { kind: 'drift-lost', at: now, who: `audit ${audit}` });
      await recordHealed(queries, events, now);
      await this.#renew(queries, findings, now);
      return findings;
    });
  }

  /** Makes the images pending that are to be healed. */
  async #renew(queries: Queries, findings: readonly AuditFinding[], now: number): Promise<void> {
    const { dialect } = this.#database;
    for (const kind of ['drift-lost', 'drift-changed'] as const) {
      const images = findings
        .filter((one) => one.action === 'healing' && eventKind(one.kind) === kind)
        .map(({ image }) => image);
      for (const page of pagesOf([...new Set(images)])) {
        const rows = await queries
          .selectFrom('images_for_push')
          .select('id')
          .where('image', 'in', page)
          .where(statusBesideImage, 'in', [PushStatus.pushed, PushStatus.blocked])
          .where(firstRow, 'is', null)
          .execute();
        const ids = rows.map(({ id }) => id);
        // Without a request: images that people requested go first.
        const columns = { ...forgotten, checked_at: null, requested_at: null };
        await changeStatus({ queries, dialect }, ids, PushStatus.pending, columns, { kind, at: now, who: 'audit' });
      }
    }
  }

  /**
   * Ends an audit. Its findings are counted from their rows: a page that was repeated after a crash did not count those that
   * it had recorded before.
   */
  async finish(
    id: string,
    end: { readonly summary: AuditSummary; readonly failure?: string | undefined },
  ): Promise<AuditSummary> {
    const { queries, dialect } = this.#database;
    const summary = addFindings(end.summary, await countFindings(queries, id));
    await queries
      .updateTable('audits')
      .set({ finished_at: await dialect.now(queries), summary: JSON.stringify(summary), failure: end.failure ?? null })
      .where('id', '=', id)
      .execute();
    return summary;
  }

  /** The newest audits, the newest first. */
  async list(limit: number): Promise<readonly AuditReport[]> {
    return await readAudits(this.#database.queries, limit);
  }

  /** @returns undefined if it is unknown or was pruned */
  async read(id: string): Promise<AuditReport | undefined> {
    return await readAudit(this.#database.queries, id);
  }

  /** How many of an audit's findings are not healed. */
  async countOpen(audit: string): Promise<number> {
    return await countOpenFindings(this.#database.queries, audit);
  }

  /** What an audit found, by image and target. */
  async findings(audit: string, limit: number = findingsShown): Promise<readonly FollowedFinding[]> {
    return await readFindings(this.#database.queries, audit, limit);
  }
}
