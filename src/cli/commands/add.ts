import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { addImages as addToDatabase } from '../../domain/add-images.js';
import { createSourceGate } from '../../domain/source-gate.js';
import { addImages } from '../../client/add-images.js';
import type { TemporalClient } from '../../client/connect.js';
import type { RequestConfig } from '../../config/read-config.js';
import { readRequestConfig } from '../../config/read-config.js';
import type { AddedImage, AddImageInput } from '../../contract/sync.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { parsePlatformSelection, printPlatform } from '../../domain/platform.js';
import type { RequestedImage } from '../../domain/requested-images.js';
import { MAX_IMAGES_IN_A_REQUEST, readRequestedImages } from '../../domain/requested-images.js';
import { hostAddresses } from '../../registry/host-addresses.js';
import { ExitStatus } from '../exit-status.js';
import { tellingOfMissingWorker } from '../missing-worker.js';
import { printJson, printLine, printTable } from '../output.js';
import { withStores } from '../with-stores.js';
import { withTemporal } from '../with-temporal.js';

export interface AddOptions {
  readonly file?: string;
  readonly payload?: string;
  readonly platform?: string;
  readonly sync: boolean;
  readonly json?: boolean;
}

export async function addCommand(typed: readonly string[], options: AddOptions): Promise<number> {
  const config = readRequestConfig(process.env);
  const input = readInput(typed, options, config);
  const added = options.sync
    ? await withTemporal(
        config,
        async (temporal) => await tellingOfMissingWorker(temporal, askForImages(temporal, input)),
      )
    : await withStores(config, async ({ wanted }) => {
        const sources = createSourceGate(config.sources, hostAddresses);
        return await addToDatabase(input, { wanted, sources, platforms: config.platforms }, { by: 'cli' });
      });

  if (options.json === true) printJson({ images: added, syncRequested: options.sync });
  else printAdded(added, options.sync);
  return added.some(({ outcome }) => outcome === 'refused') ? ExitStatus.failed : ExitStatus.done;
}

function readInput(
  typed: readonly string[],
  { file, payload, platform }: AddOptions,
  { platforms }: RequestConfig,
): AddImageInput {
  const sent = payload === undefined ? undefined : readRequestedImages(readJson(payload));
  const images: (string | RequestedImage)[] = [...typed, ...(file === undefined ? [] : readImagesFile(file))];
  images.push(...(sent?.images ?? []));
  if (images.length === 0) throw new InvalidInput('no image was given: name some, or use --file', 'invalid-reference');
  return { images, platforms: platform === undefined ? (sent?.platforms ?? platforms) : canonical(platform) };
}

/** A file may hold more than one request takes. */
async function askForImages(temporal: TemporalClient, { images, platforms }: AddImageInput): Promise<AddedImage[]> {
  const delivery = `cli-${randomUUID()}`;
  const added: AddedImage[] = [];
  for (let from = 0; from < images.length; from += MAX_IMAGES_IN_A_REQUEST) {
    const page = images.slice(from, from + MAX_IMAGES_IN_A_REQUEST);
    const input = { images: page, ...(platforms === undefined ? {} : { platforms }), requestedBy: 'ferry add' };
    const result = await addImages(temporal, from === 0 ? delivery : `${delivery}-${from}`, input);
    added.push(...result.images);
  }
  return added;
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
  return readText(path, '--file')
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readText(path, '--payload')) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InvalidInput(`--payload ${path} holds no JSON: ${error.message}`, 'configuration');
  }
}

function readText(path: string, option: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidInput(`${option} ${path} cannot be read: ${reason}`, 'configuration');
  }
}

function canonical(text: string): readonly string[] {
  const selection = parsePlatformSelection(text);
  return selection === 'all' ? ['all'] : selection.map(printPlatform);
}
