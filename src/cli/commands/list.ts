import { readBaseConfig } from '../../config/read-config.js';
import type { PushedEntry, WantedEntry } from '../../database/status-views.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { parseImageReference, printImageReference } from '../../../packages/registry/src/oci/image-reference.js';
import { ExitStatus } from '../exit-status.js';
import { ListWord, listWords, meanings } from '../list-words.js';
import { localTime, localTimeOfUtc } from '../local-time.js';
import { printJson, printTable, say } from '../output.js';
import { withStores } from '../with-stores.js';

export interface ListOptions {
  readonly limit: string;
  readonly json?: boolean;
}

export async function listCommand(
  what: string | undefined,
  { limit: text, json = false }: ListOptions,
): Promise<number> {
  const limit = /^[1-9]\d{0,6}$/.test(text) ? Number(text) : undefined;
  if (limit === undefined) throw new InvalidInput(`--limit ${text}: expected a whole number above 0`, 'configuration');
  if (!isListWord(what)) {
    const fault = what === undefined ? 'name a list' : `there is no list of "${what}"`;
    throw new InvalidInput(`${fault}: "ferry list" and one of\n${meanings(ListWord)}`, 'configuration');
  }

  const { items, next } = await withStores(readBaseConfig(process.env), async ({ wanted, console }) => {
    await wanted.normalizeRows();
    return what === 'pushed' ? await console.listPushed({ limit }) : await console.listWanted(what, { limit });
  });
  if (json) printJson(items);
  else if (items.length === 0) say(`nothing is ${what}`);
  else if (what === 'pushed') printPushed(items as readonly PushedEntry[]);
  else printWanted(items as readonly WantedEntry[], what === 'waiting');
  if (next !== undefined) say(`the list is cut at ${limit}: --limit shows more`);
  return ExitStatus.done;
}

function isListWord(what: string | undefined): what is ListWord {
  return listWords.some((word) => word === what);
}

/** @param asCopies what stands open of an image tells more than that its row is pending */
function printWanted(items: readonly WantedEntry[], asCopies: boolean): void {
  // Only such a row needs its id: every other one is named by its image.
  const nameless = new Set(items.filter(({ image }) => !namesImage(image)).map(({ id }) => id));
  const rowOf = (cell: string): readonly string[] => (nameless.size === 0 ? [] : [cell]);
  printTable(
    [...rowOf('ROW'), 'IMAGE', 'PLATFORM', 'STATE', 'LAST LOOKED AT', 'WHY'],
    items.map(({ id, image, platform, state, open, checkedAt, code, reason, note, targets }) => [
      ...rowOf(nameless.has(id) ? String(id) : ''),
      image,
      platform,
      (asCopies ? open?.join(', ') : undefined) ?? state,
      checkedAt === undefined ? 'never' : localTime(checkedAt),
      [code === undefined ? undefined : `${code}: ${reason ?? ''}`, note, targets && `only to ${targets.join(', ')}`]
        .filter((part) => part !== undefined)
        .join('; '),
    ]),
  );
  if (nameless.size > 0) {
    say(
      'A number under ROW is the id of a row of images_for_push that names no image: correct its columns there and set push_status to 0, or withdraw it with "ferry remove --row ID"',
    );
  }
}

/** Whether commands find the row by what the list shows. */
function namesImage(shown: string): boolean {
  try {
    return printImageReference(parseImageReference(shown)) === shown;
  } catch (error) {
    if (error instanceof InvalidInput) return false;
    throw error;
  }
}

function printPushed(items: readonly PushedEntry[]): void {
  printTable(
    ['IMAGE', 'ON THE TARGET', 'PLATFORMS', 'DIGEST', 'PUSHED', 'VERIFIED'],
    items.map(({ image, name, platforms, digest, pushedAt, unverified }) => [
      image ?? '(unknown)',
      name,
      platforms.map(({ platform }) => platform).join(','),
      digest,
      pushedAt === undefined ? '' : localTimeOfUtc(pushedAt),
      unverified === true ? 'no: another program wrote it' : 'yes',
    ]),
  );
}
