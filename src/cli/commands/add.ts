import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { addImages as addToDatabase } from '../../activities/request-activities.js';
import { addImages } from '../../client/add-images.js';
import { readPlaceConfig } from '../../config/read-config.js';
import type { AddedImage } from '../../contract/sync.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { parsePlatformSelection, printPlatform } from '../../domain/platform.js';
import { ExitStatus } from '../exit-status.js';
import { printJson, printLine, printTable } from '../output.js';
import { withStores } from '../with-stores.js';
import { withTemporal } from '../with-temporal.js';

export interface AddOptions {
  readonly file?: string;
  readonly platform?: string;
  readonly sync: boolean;
  readonly json?: boolean;
}

export async function addCommand(typed: readonly string[], options: AddOptions): Promise<number> {
  const config = readPlaceConfig(process.env);
  const images = [...typed, ...(options.file === undefined ? [] : readImagesFile(options.file))];
  if (images.length === 0) throw new InvalidInput('no image was given: name some, or use --file', 'invalid-reference');
  const platforms = options.platform === undefined ? config.platforms : canonical(options.platform);

  const added = options.sync
    ? await withTemporal(config, async (temporal) => {
        const input = { images, platforms, requestedBy: 'ferry add' };
        return (await addImages(temporal, `cli-${randomUUID()}`, input)).images;
      })
    : await withStores(config, async ({ wanted }) => await addToDatabase({ images }, wanted, platforms, { by: 'cli' }));

  if (options.json === true) printJson({ images: added, syncRequested: options.sync });
  else printAdded(added, options.sync);
  return added.some(({ outcome }) => outcome === 'refused') ? ExitStatus.failed : ExitStatus.done;
}

function printAdded(added: readonly AddedImage[], sync: boolean): void {
  printTable(
    ['IMAGE', 'PLATFORM', 'OUTCOME', ''],
    added.map(({ asked, image, platform, outcome, reason }) => [image ?? asked, platform ?? '', outcome, reason ?? '']),
  );
  if (added.every(({ outcome }) => outcome === 'refused')) return;
  printLine(sync ? 'A sync was asked for.' : 'Recorded; the next pass copies them.');
}

/** One reference a line; blank lines and everything from a `#` that begins a line or follows a blank are left out. */
function readImagesFile(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidInput(`--file ${path} cannot be read: ${reason}`, 'configuration');
  }
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

function canonical(text: string): readonly string[] {
  const selection = parsePlatformSelection(text);
  return selection === 'all' ? ['all'] : selection.map(printPlatform);
}
