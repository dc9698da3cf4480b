/** Reads which images are on which targets, and by which names. */
import { isDigest } from '@image-ferry/registry/digest';

import { groupRows } from '../../domain/group-rows.js';
import { MirroredState } from '../../domain/mirrored-image.js';
import type { MirroredCopy, MirroredImage } from '../../domain/mirrored-image.js';
import type { Target } from '../../domain/target.js';
import { readUtc } from '../../domain/utc-time.js';
import { isThere } from '../../domain/wanted-image.js';
import { copyOn } from '../adoption/adoption-candidates.js';
import { compareTexts } from '../compare-texts.js';
import type { Queries } from '../dialect-differences.js';
import type { FerryDatabase } from '../ferry-database.js';
import { pagesOf } from '../insert-rows.js';
import { nameOnTarget, printName } from '../name-on-target.js';
import type { NameOnTarget } from '../name-on-target.js';
import { nameKey } from '../row-shapes.js';
import { highestId, lowestId } from '../wanted/wanted-rows.js';

const pageSize = 500;

/** What is on the targets, for files that refer to it. It only reads, so it works on a read-only database. */
export class MirroredImageQueries {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /**
   * The names of these images on these targets; images that have none are left out.
   *
   * @param images canonical
   */
  async of(images: readonly string[], targets: readonly Target[]): Promise<readonly MirroredImage[]> {
    const { queries } = this.#database;
    const found: MirroredImage[] = [];
    for (const page of pagesOf([...new Set(images)])) {
      const rows = await selectNames(queries).where('image', 'in', page).orderBy('id').execute();
      found.push(...(await readMirrored(queries, rows, targets)));
    }
    return sorted(found);
  }

  /** The same for every image of these source repositories, `host/path`. */
  async ofRepositories(repositories: readonly string[], targets: readonly Target[]): Promise<readonly MirroredImage[]> {
    const { queries } = this.#database;
    const images = new Set<string>();
    for (const repository of new Set(repositories)) {
      const rows = await queries
        .selectFrom('pushed_images')
        .select('image')
        .distinct()
        // Texts compare byte by byte: all that begin with `repository:` or `repository@`.
        .where((is) =>
          is.or([
            is.and([is('image', '>', `${repository}:`), is('image', '<', `${repository};`)]),
            is.and([is('image', '>', `${repository}@`), is('image', '<', `${repository}A`)]),
          ]),
        )
        .execute();
      for (const { image } of rows) if (image !== null) images.add(image);
    }
    return await this.of([...images], targets);
  }

  /** Every image that is on one of these targets. */
  async all(targets: readonly Target[]): Promise<readonly MirroredImage[]> {
    const { queries } = this.#database;
    const rows: NameRow[] = [];
    for (let after = lowestId - 1; ;) {
      const page = await selectNames(queries)
        .where('image', 'is not', null)
        .where('id', '>', after)
        .where('id', '<=', highestId)
        .orderBy('id')
        .limit(pageSize)
        .execute();
      rows.push(...page);
      const last = page.at(-1);
      if (last === undefined || page.length < pageSize) break;
      after = last.id;
    }
    return sorted(await readMirrored(queries, rows, targets));
  }

  /** The images that these names (`host/repository:tag`) on targets belong to, by name. */
  async sourcesOf(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const byKey = new Map(names.map((name) => [nameKey(name), name]));
    const found = new Map<string, string>();
    for (const page of pagesOf([...byKey.keys()])) {
      const rows = await this.#database.queries
        .selectFrom('pushed_images')
        .select(['name_key', 'image'])
        .where('name_key', 'in', page)
        .where('image', '<>', '')
        .execute();
      for (const { name_key: key, image } of rows) {
        const name = byKey.get(key ?? '');
        if (name !== undefined && image !== null) found.set(name, image);
      }
    }
    return found;
  }
}

function selectNames(queries: Queries) {
  return queries
    .selectFrom('pushed_images')
    .select(['id', 'image', 'target_registry_url', 'registry_image_name', 'digest', 'source_digest', 'platform'])
    .select(['push_time', 'verified_at'])
    .where((is) => is.or([is('push_status', 'is', null), is('push_status', '=', 1)]));
}

type NameRow = Awaited<ReturnType<ReturnType<typeof selectNames>['execute']>>[number];

async function readMirrored(
  queries: Queries,
  rows: readonly NameRow[],
  targets: readonly Target[],
): Promise<readonly MirroredImage[]> {
  const byImage = groupRows(
    rows.filter(({ image }) => image !== null && image !== ''),
    ({ image }) => image ?? '',
  );
  const states = await readStates(queries, [...byImage.keys()]);
  return [...byImage].flatMap(([image, names]) => {
    const copies = names.flatMap((row) => copiesOf(row, states.get(image) ?? [], targets));
    return copies.length === 0 ? [] : [{ image, copies: copies.toSorted(byTarget) }];
  });
}

interface CopyRow {
  readonly image: string;
  readonly target: string;
  readonly state: string;
  readonly reference: string | null;
  readonly digest: string | null;
}

async function readStates(
  queries: Queries,
  images: readonly string[],
): Promise<ReadonlyMap<string, readonly CopyRow[]>> {
  const rows: CopyRow[] = [];
  for (const page of pagesOf(images)) {
    const select = queries.selectFrom('image_copies').select(['image', 'target', 'state', 'reference', 'digest']);
    rows.push(...(await select.where('image', 'in', page).execute()));
  }
  return groupRows(rows, ({ image }) => image);
}

/** Two targets can have one name, if they are one registry. */
function copiesOf(row: NameRow, states: readonly CopyRow[], targets: readonly Target[]): readonly MirroredCopy[] {
  const name = nameOnTarget(row);
  if (name === undefined) return [];
  const printed = printName(name);
  const own = states.filter(({ reference }) => reference === printed);
  const named = targets.filter((target) => own.some((copy) => copy.target === target.name));
  const holders = named.length > 0 ? named : targets.filter((target) => isOn(target, targets, row, name));
  return holders.map((target) => {
    const copy = own.find((one) => one.target === target.name);
    return {
      target: target.name,
      registry: name.host,
      repository: name.repository,
      tag: name.tag,
      digest: digestOf(copy?.digest) ?? digestOf(row.digest),
      sourceDigest: digestOf(row.source_digest),
      platforms: platformsOf(row.platform),
      since: readUtc(row.push_time),
      verifiedAt: row.verified_at ?? undefined,
      state: stateOf(row, copy),
    };
  });
}

function isOn(target: Target, targets: readonly Target[], { id, digest }: NameRow, name: NameOnTarget): boolean {
  return copyOn(target, targets, [{ id, name, platforms: [], digest }], []) !== undefined;
}

function stateOf({ verified_at: verifiedAt }: NameRow, copy: CopyRow | undefined): MirroredState {
  if (copy === undefined) return verifiedAt === null ? MirroredState.unverified : MirroredState.current;
  return isThere(copy.state) ? MirroredState.current : MirroredState.outdated;
}

/** Older scripts wrote a digest alone, a name with a digest, or another word. */
function digestOf(text: string | null | undefined): string | undefined {
  const digest = /sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/.exec(text ?? '')?.[0];
  return digest !== undefined && isDigest(digest) ? digest : undefined;
}

function platformsOf(column: string | null): readonly string[] {
  return (column ?? '')
    .split(',')
    .map((platform) => platform.trim())
    .filter((platform) => platform !== '');
}

function byTarget(a: MirroredCopy, b: MirroredCopy): number {
  return (
    compareTexts(a.target, b.target) ||
    compareTexts(printName({ ...a, host: a.registry }), printName({ ...b, host: b.registry }))
  );
}

function sorted(images: readonly MirroredImage[]): readonly MirroredImage[] {
  return images.toSorted((a, b) => compareTexts(a.image, b.image));
}
