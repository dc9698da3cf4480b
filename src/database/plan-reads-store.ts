import { parseImageReference, sourceRepository } from '@image-ferry/registry/reference';

import type { KnownCopy } from '../domain/copy-recipe.js';
import { groupRows } from '../domain/group-rows.js';
import type { Target } from '../domain/target.js';
import { beforeFirstRow, PushStatus, readPushStatus } from '../domain/wanted-image.js';
import type { AdoptionCandidate } from '../domain/wanted-image.js';
import { candidatesAmong } from './adoption/adoption-candidates.js';
import type { FerryDatabase } from './ferry-database.js';
import { pagesOf } from './insert-rows.js';
import { copiedTo, holdingsOn, readRecorded } from './pushed/holdings.js';
import type { Recorded } from './pushed/holdings.js';
import { joinTakenOver } from './pushed/join-taken-over.js';
import { adoptedRow } from './pushed/pushed-image-store.js';
import type { PushedImageStore } from './pushed/pushed-image-store.js';
import { readKnownCopies } from './pushed/verified-copies.js';
import { isCanonicalImage } from './row-shapes.js';
import { imagesSharingTags } from './tag-sharing.js';
import { ownerKey, readOwned } from './target-name-store.js';
import type { TargetNameStore } from './target-name-store.js';
import { readWanted, wantedRows } from './wanted/read-wanted.js';
import type { ReadRows } from './wanted/read-wanted.js';
import type { WantedImageStore } from './wanted/wanted-image-store.js';

interface RealStores {
  readonly wanted: WantedImageStore;
  readonly names: TargetNameStore;
  readonly pushed: PushedImageStore;
}

/** What a plan calls in the stores. */
export interface PlanReads {
  readonly wanted: Pick<WantedImageStore, 'wantedRows' | 'imagesSharingTag' | 'reviewPushed'>;
  readonly names: Pick<TargetNameStore, 'ownedBy' | 'ownerOf' | 'claim'>;
  readonly pushed: Pick<
    PushedImageStore,
    'adoptionCandidates' | 'recordAdoption' | 'holdings' | 'knownCopies' | 'recordTakenOver'
  >;
}

/** What was read of some images. An image is in none of the maps when its rows must be read again. */
interface Snapshot {
  readonly rows: Map<string, ReadRows>;
  readonly details: Map<string, ImageDetails>;
}

/** What a plan asks about an image with a pending row. */
interface ImageDetails {
  readonly sharing: readonly string[];
  readonly recorded: Recorded | undefined;
  readonly known: ReadonlyMap<string, KnownCopy>;
  readonly candidates: readonly AdoptionCandidate[];
}

/** Reads what the plans of many images ask, in a number of statements that does not grow with the images. */
export class PlanReadsStore {
  readonly #database: FerryDatabase;
  readonly #stores: RealStores;

  constructor(database: FerryDatabase, stores: RealStores) {
    this.#database = database;
    this.#stores = stores;
  }

  /**
   * Reads the rows of some hundred images now. The result answers a plan's calls about them, until the plan writes rows of
   * an image; the stores answer everything else. Rows that are taken over at the same time are recorded together.
   */
  async read(images: readonly string[], targets: readonly Target[]): Promise<PlanReads> {
    const { rows, details } = await this.#snapshot([...new Set(images)], targets);
    const { owned, unnamed } = await this.#names([...details.keys()], targets);
    const { wanted, names, pushed } = this.#stores;
    const forget = (written: readonly string[]): void => {
      for (const image of written) {
        rows.delete(image);
        details.delete(image);
      }
    };
    const recordTakenOver = joinTakenOver(this.#database.queries, pushed);
    return {
      wanted: {
        wantedRows: async (image) => {
          const read = rows.get(image);
          return read === undefined ? await wanted.wantedRows(image) : wantedRows(image, read);
        },
        imagesSharingTag: async (image) => details.get(image)?.sharing ?? (await wanted.imagesSharingTag(image)),
        reviewPushed: async (others) => {
          await wanted.reviewPushed(others);
          forget(others);
        },
      },
      names: {
        // Another plan, or another worker, may claim the first one: a plan that then claims one asks a second time.
        ownedBy: async (repository, registry) => {
          const key = ownerKey(repository, registry);
          return owned.get(key) ?? (unnamed.delete(key) ? [] : await names.ownedBy(repository, registry));
        },
        ownerOf: async (repository) => await names.ownerOf(repository),
        claim: async (claim) => {
          const owner = await names.claim(claim);
          const key = ownerKey(claim.sourceRepository, claim.targetRepository.split('/', 1)[0] ?? '');
          owned.delete(key);
          unnamed.delete(key);
          return owner;
        },
      },
      pushed: {
        adoptionCandidates: async (query) => {
          const read = query.image === undefined ? undefined : details.get(query.image);
          const isRead = read !== undefined && query.after === beforeFirstRow && query.targets === targets;
          return isRead ? read.candidates.slice(0, query.limit) : await pushed.adoptionCandidates(query);
        },
        recordAdoption: async (candidate, digests) => {
          await recordTakenOver([adoptedRow(candidate, digests)]);
          forget([candidate.image]);
        },
        holdings: async (image, some) => {
          const read = details.get(image);
          return read === undefined ? await pushed.holdings(image, some) : holdingsOn(some, read.recorded);
        },
        knownCopies: async (image) => details.get(image)?.known ?? (await pushed.knownCopies(image)),
        recordTakenOver: async (found) => {
          await recordTakenOver(found);
          forget(found.map(({ image }) => image));
        },
      },
    };
  }

  async #snapshot(images: readonly string[], targets: readonly Target[]): Promise<Snapshot> {
    const { queries } = this.#database;
    const rows = new Map(await readWanted(this.#database, images));
    // The plan of an image without a pending row asks nothing else.
    const pending = images.filter((image) => rows.get(image)?.rows.some(isPending));
    if (pending.length === 0) return { rows, details: new Map() };
    const sharing = await imagesSharingTags(queries, pending);
    const recorded = await readRecorded(queries, pending);
    const known = await readKnownCopies(queries, pending);
    const candidates = await this.#candidates(rows, recorded, targets);
    const details = pending.map((image): [string, ImageDetails] => [
      image,
      {
        sharing: sharing.get(image) ?? [],
        recorded: recorded.get(image),
        known: known.get(image) ?? new Map(),
        candidates: candidates.get(image) ?? [],
      },
    ]);
    return { rows, details: new Map(details) };
  }

  /** @see PushedImageStore.adoptionCandidates */
  async #candidates(
    rows: ReadonlyMap<string, ReadRows>,
    recorded: ReadonlyMap<string, Recorded>,
    targets: readonly Target[],
  ): Promise<ReadonlyMap<string, readonly AdoptionCandidate[]>> {
    if (targets.length === 0) return new Map();
    const uncopied = [...recorded].flatMap(([image, { copies }]) => {
      // What the ferry itself copied is not adopted.
      if (copiedTo(copies).length > 0) return [];
      const own = rows.get(image)?.rows ?? [];
      const free = own.filter(
        ({ push_status: status, force_copy: force }) => status === PushStatus.pending && force === null,
      );
      return free.map(({ id, platform }) => ({ id, image, platform }));
    });
    const found: AdoptionCandidate[] = [];
    for (const page of pagesOf(uncopied)) found.push(...(await candidatesAmong(this.#database.queries, page, targets)));
    return groupRows(found, ({ image }) => image);
  }

  /** Names on targets by `ownerKey`, and the keys without one. */
  async #names(images: readonly string[], targets: readonly Target[]) {
    const canonical = images.filter((image) => isCanonicalImage(image));
    const sources = [...new Set(canonical.map((image) => sourceRepository(parseImageReference(image))))];
    const registries = [...new Set(targets.map(({ registry }) => registry))];
    const isNothing = sources.length === 0 || registries.length === 0;
    const known = isNothing ? [] : await readOwned(this.#database.queries, sources, registries);
    const owned = new Map<string, readonly string[]>(known);
    const keys = sources.flatMap((source) => registries.map((registry) => ownerKey(source, registry)));
    return { owned, unnamed: new Set(keys.filter((key) => !owned.has(key))) };
  }
}

function isPending({ push_status: status }: { readonly push_status: number | null }): boolean {
  return readPushStatus(status) === PushStatus.pending;
}
