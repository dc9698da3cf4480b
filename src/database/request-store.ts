import type { ReceivedRequest, RequestKind, RequestOutcome } from '../domain/received-request.js';
import { visibleLines } from '../domain/visible-text.js';
import { repeatOnConflict } from './ferry-database.js';
import type { FerryDatabase } from './ferry-database.js';
import { insertRows, pagesOf } from './insert-rows.js';
import type { Page } from './status-views.js';
import type { RequestsTable } from './tables.js';

export interface RequestEntry extends ReceivedRequest {
  readonly id: number;
}

const longestText = 255;
const longestReason = 2_000;

/** What the server was asked, with what became of it. Pruned by age with the rest of the history. */
export class RequestStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  async record(requests: readonly ReceivedRequest[]): Promise<void> {
    for (const page of pagesOf(requests.map(rowOf))) {
      await repeatOnConflict(async () => await insertRows('requests', page).execute(this.#database.queries));
    }
  }

  /** A page, the latest first. @param query.before `next` of the page before */
  async list(query: {
    readonly kind?: RequestKind | undefined;
    readonly outcome?: RequestOutcome | undefined;
    readonly limit: number;
    readonly before?: number | undefined;
  }): Promise<Page<RequestEntry>> {
    const { kind, outcome, limit, before } = query;
    let rows = this.#database.queries.selectFrom('requests').selectAll().orderBy('id', 'desc').limit(limit);
    if (kind !== undefined) rows = rows.where('kind', '=', kind);
    if (outcome !== undefined) rows = rows.where('outcome', '=', outcome);
    if (before !== undefined) rows = rows.where('id', '<', before);
    const items = (await rows.execute()).map(entryOf);
    const last = items.at(-1);
    return items.length < limit || last === undefined ? { items } : { items, next: last.id };
  }

  async one(id: number): Promise<RequestEntry | undefined> {
    const { queries } = this.#database;
    const row = await queries.selectFrom('requests').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : entryOf(row);
  }
}

function rowOf({ event, repository, delivery, who, reason, ...request }: ReceivedRequest) {
  return {
    ...request,
    method: request.method.slice(0, 10),
    route: request.route.slice(0, longestText),
    event: short(event),
    repository: short(repository),
    delivery: short(delivery),
    who: short(who),
    reason: reason === undefined ? null : visibleLines(reason).slice(0, longestReason),
  };
}

function short(text: string | undefined): string | null {
  return text === undefined ? null : visibleLines(text).slice(0, longestText);
}

type Row = { readonly [Column in keyof RequestsTable]: Column extends 'id' ? number : RequestsTable[Column] };

function entryOf(row: Row): RequestEntry {
  return {
    id: row.id,
    at: row.at,
    kind: row.kind as RequestKind,
    method: row.method,
    route: row.route,
    status: row.status,
    outcome: row.outcome as RequestOutcome,
    event: row.event ?? undefined,
    repository: row.repository ?? undefined,
    delivery: row.delivery ?? undefined,
    who: row.who ?? undefined,
    reason: row.reason ?? undefined,
  };
}
