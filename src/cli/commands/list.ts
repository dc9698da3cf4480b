import { readPlaceConfig } from '../../config/read-config.js';
import type { PushedEntry, WantedEntry } from '../../database/console-entries.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { ExitStatus } from '../exit-status.js';
import { localTime, localTimeOfUtc } from '../local-time.js';
import { printJson, printTable, say } from '../output.js';
import { withStores } from '../with-stores.js';

export interface ListOptions {
  readonly limit: string;
  readonly json?: boolean;
}

export async function listCommand(what: string, { limit: text, json = false }: ListOptions): Promise<number> {
  const limit = /^[1-9]\d{0,6}$/.test(text) ? Number(text) : undefined;
  if (limit === undefined) throw new InvalidInput(`--limit ${text}: expected a whole number above 0`, 'configuration');
  if (what !== 'wanted' && what !== 'pushed' && what !== 'parked' && what !== 'waiting') {
    throw new InvalidInput(
      `there is no list of "${what}": expected wanted, pushed, parked or waiting`,
      'configuration',
    );
  }

  const { items, next } = await withStores(readPlaceConfig(process.env), async ({ wanted, console }) => {
    await wanted.adoptRows();
    return what === 'pushed' ? await console.listPushed({ limit }) : await console.listWanted(what, { limit });
  });
  if (json) printJson(items);
  else if (items.length === 0) say(`nothing is ${what}`);
  else if (what === 'pushed') printPushed(items as readonly PushedEntry[]);
  else printWanted(items as readonly WantedEntry[], what === 'waiting');
  if (next !== undefined) say(`the list is cut at ${limit}: --limit shows more`);
  return ExitStatus.done;
}

/** @param asCopies what stands open of an image tells more than that its row is pending */
function printWanted(items: readonly WantedEntry[], asCopies: boolean): void {
  printTable(
    ['IMAGE', 'PLATFORM', 'STATE', 'LAST LOOKED AT', 'WHY'],
    items.map(({ image, platform, state, open, checkedAt, code, reason, note, targets }) => [
      image,
      platform,
      (asCopies ? open?.join(', ') : undefined) ?? state,
      checkedAt === undefined ? 'never' : localTime(checkedAt),
      [code === undefined ? undefined : `${code}: ${reason ?? ''}`, note, targets && `only to ${targets.join(', ')}`]
        .filter((part) => part !== undefined)
        .join('; '),
    ]),
  );
}

function printPushed(items: readonly PushedEntry[]): void {
  printTable(
    ['IMAGE', 'ON THE TARGET', 'PLATFORMS', 'DIGEST', 'PUSHED'],
    items.map(({ image, name, platforms, digest, pushedAt }) => [
      image ?? '(unknown)',
      name,
      platforms.map(({ platform }) => platform).join(','),
      digest,
      pushedAt === undefined ? '' : localTimeOfUtc(pushedAt),
    ]),
  );
}
