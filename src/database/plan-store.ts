import { sql } from 'kysely';

import { InvalidInput } from '../domain/ferry-error.js';
import { parseImageReference } from '../domain/image-reference.js';
import type { PlatformSelection } from '../domain/platform.js';
import { beforeFirstRow, PushStatus } from '../domain/wanted-image.js';
import type { WantedImage } from '../domain/wanted-image.js';
import { wantedSelection } from '../domain/wanted-platforms.js';
import type { Target } from '../domain/target.js';
import type { TargetSelection } from '../domain/wanted-targets.js';
import { wantedTargets } from '../domain/wanted-targets.js';
import { candidatesAmong } from './adoption-candidates.js';
import type { UncopiedRow } from './adoption-candidates.js';
import type { FerryDatabase } from './ferry-database.js';
import { pagesOf } from './insert-rows.js';
import { identityOrFault, NAMING } from './naming-rows.js';
import { rowIdentity, wantedImage } from './row-shapes.js';
import { highestId } from './wanted-rows.js';

/** An image that a pass would look at. */
export interface PendingImage {
  readonly image: string;
  readonly platforms: PlatformSelection;
  readonly targets: TargetSelection;
  /** An older script pushed all of it: a pass only looks whether it is there still. */
  readonly toAdopt: boolean;
  /** It was pushed, and is to be copied again whatever the targets seem to have. */
  readonly anew: boolean;
}

export interface PendingImages {
  readonly images: readonly PendingImage[];
  /** Rows that name no image, with the reason: a pass would park them. */
  readonly refused: readonly { readonly row: number; readonly reason: string }[];
}

/** Rows read at once. */
const pageSize = 1000;

/** What a pass would find, read without giving rows an identity or anything else. */
export class PlanStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /**
   * Hosts that pending rows name, each once, canonical; what is no host is left out.
   *
   * @param limit ways of writing a host that are looked at
   */
  async pendingHosts(limit: number): Promise<readonly string[]> {
    const rows = await this.#database.queries
      .selectFrom('images_for_push')
      .select('source_registry_url')
      .distinct()
      .where(sql<boolean>`coalesce(push_status, 0) = ${PushStatus.pending}`)
      .where('id', '<=', highestId)
      .limit(limit)
      .execute();
    const hosts = rows.flatMap(({ source_registry_url: registry }) => registryHost(registry) ?? []);
    return [...new Set(hosts)];
  }

  /** By the rows' own words: those that other programs have inserted since the last pass are among them. */
  async pending(targets: readonly Target[]): Promise<PendingImages> {
    const rowsOf = new Map<string, WantedImage[]>();
    const uncopied: UncopiedRow[] = [];
    const refused: { row: number; reason: string }[] = [];
    for (let after = beforeFirstRow; ;) {
      const page = await this.#page(after);
      for (const row of page) {
        const identity = identityOrFault(row);
        if (identity instanceof InvalidInput) {
          if ((row.push_status ?? 0) === PushStatus.pending) refused.push({ row: row.id, reason: identity.message });
          continue;
        }
        const { image } = identity;
        const rows = rowsOf.get(image) ?? [];
        const wanted = wantedImage(row, image);
        rows.push(wanted);
        rowsOf.set(image, rows);
        if (wanted.status === PushStatus.pending && row.copy_anew === null) uncopied.push({ ...row, image });
      }
      after = page.at(-1)?.id ?? after;
      if (page.length < pageSize) break;
    }
    const adoptable = await this.#adoptable(uncopied, targets);
    const images = [...rowsOf].flatMap(([image, rows]) => {
      const pending = rows.filter(({ status }) => status === PushStatus.pending);
      if (pending.length === 0) return [];
      const toAdopt = pending.every(({ id }) => adoptable.has(id));
      const anew = rows.some(({ copyAnew }) => copyAnew === true);
      return [{ image, platforms: wantedSelection(rows), targets: wantedTargets(rows), toAdopt, anew }];
    });
    return { images, refused };
  }

  /** @returns ids of rows; none of a target that only a Docker daemon may look at */
  async #adoptable(rows: readonly UncopiedRow[], targets: readonly Target[]): Promise<ReadonlySet<number>> {
    const { queries } = this.#database;
    const behindDaemons = new Set(targets.filter(({ engine }) => engine === 'docker').map(({ name }) => name));
    const ids = new Set<number>();
    for (const page of pagesOf(rows)) {
      const copied = await queries
        .selectFrom('image_copies')
        .select('image')
        .where(
          'image',
          'in',
          page.map(({ image }) => image),
        )
        .where('last_pushed_at', 'is not', null)
        .execute();
      const ofFerry = new Set(copied.map(({ image }) => image));
      const left = page.filter(({ image }) => !ofFerry.has(image));
      for (const { rowId, copies } of await candidatesAmong(queries, left, targets)) {
        if (!copies.some(({ target }) => behindDaemons.has(target))) ids.add(rowId);
      }
    }
    return ids;
  }

  async #page(after: number) {
    return await this.#database.queries
      .selectFrom('images_for_push')
      .select(['id', ...NAMING, 'push_status'])
      .select(this.#database.dialect.holdsNul(NAMING).as('nuls'))
      .select(['source_digest', 'checked_at', 'first_missing_at', 'parked_code', 'parked_reason', 'targets'])
      .select('copy_anew')
      .where('duplicate_of', 'is', null)
      .where(sql<boolean>`coalesce(push_status, 0) <> ${PushStatus.withdrawn}`)
      .where('id', '<=', highestId)
      .where('id', '>', after)
      .orderBy('id')
      .limit(pageSize)
      .execute();
  }
}

function registryHost(column: string | null): string | undefined {
  try {
    const row = { source_registry_url: column, orig_name_space: '', orig_image_name: 'any/image', platform: '' };
    return parseImageReference(rowIdentity(row).image).host;
  } catch (error) {
    if (error instanceof InvalidInput) return undefined;
    throw error;
  }
}
