import { parseImageReference, printImageReference } from '@image-ferry/registry/reference';

import { readBaseConfig } from '../../config/base-config.js';
import { RollbackStore } from '../../database/rollback-store.js';
import { StatusQueries } from '../../database/status-queries.js';
import type { PushedEntry, WantedEntry } from '../../database/status-views.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { ExitStatus } from '../exit-status.js';
import { ListWord, listWords, meanings } from '../list-words.js';
import { localTime, localTimeOfUtc } from '../local-time.js';
import { printJson, printTable, printMessage } from '../output.js';
import { withReadOnlyDatabase } from '../with-read-only-database.js';

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
    const fault = what === undefined ? 'name a list' : `unknown list "${what}"`;
    throw new InvalidInput(`${fault}: "ferry list" with one of\n${meanings(ListWord)}`, 'configuration');
  }

  if (what === 'held') return await listHeld(json);
  const { items, next } = await withReadOnlyDatabase(readBaseConfig(process.env), async (database) => {
    const status = new StatusQueries(database);
    return what === 'pushed' ? await status.listPushed({ limit }) : await status.listWanted(what, { limit });
  });
  if (json) printJson(items);
  else if (items.length === 0) printMessage(`no image is ${what}`);
  else if (what === 'pushed') printPushed(items as readonly PushedEntry[]);
  else printWanted(items as readonly WantedEntry[], what === 'waiting');
  if (next !== undefined) printMessage(`only the first ${limit} rows are shown; --limit shows more`);
  return ExitStatus.done;
}

async function listHeld(json: boolean): Promise<number> {
  const held = await withReadOnlyDatabase(
    readBaseConfig(process.env),
    async (database) => await new RollbackStore(database).held(),
  );
  if (json) printJson(held);
  else if (held.length === 0) printMessage('no tag is held');
  else {
    printTable(
      ['IMAGE', 'TARGET', 'HELD AT', 'SINCE', 'BY'],
      held.map(({ image, target, digest, heldAt, heldBy }) => [
        image,
        target,
        digest,
        heldAt === undefined ? '' : localTime(heldAt),
        heldBy ?? '',
      ]),
    );
  }
  return ExitStatus.done;
}

function isListWord(what: string | undefined): what is ListWord {
  return listWords.some((word) => word === what);
}

/** @param asCopies shows the states of the open copies, which say more than that the row is pending */
function printWanted(items: readonly WantedEntry[], asCopies: boolean): void {
  // Only rows that name no image show their ID; commands find all others by image.
  const nameless = new Set(items.filter(({ image }) => !namesImage(image)).map(({ id }) => id));
  const rowOf = (cell: string): readonly string[] => (nameless.size === 0 ? [] : [cell]);
  printTable(
    [...rowOf('ROW'), 'IMAGE', 'PLATFORM', 'STATE', 'LAST CHECKED', 'REASON'],
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
    printMessage(
      'A number under ROW is the ID of a row of images_for_push that is not a valid image reference. Correct its columns and set push_status to 0, or withdraw it with "ferry remove --row ID"',
    );
  }
}

/** Whether commands can find the row by the text that the list shows. */
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
    ['IMAGE', 'TARGET REFERENCE', 'PLATFORMS', 'DIGEST', 'PUSHED', 'VERIFIED'],
    items.map(({ image, name, platforms, digest, pushedAt, unverified }) => [
      image ?? '(unknown)',
      name,
      platforms.map(({ platform }) => platform).join(','),
      digest,
      pushedAt === undefined ? '' : localTimeOfUtc(pushedAt),
      unverified === true ? 'no, written by another program' : 'yes',
    ]),
  );
}
