import { randomUUID } from 'node:crypto';

import { addImages as addToDatabase } from '../../domain/add-images.js';
import { createSourceGate } from '../../domain/source-gate.js';
import { addImages } from '../../client/add-images.js';
import type { TemporalClient } from '../../client/connect.js';
import type { RequestConfig } from '../../config/read-config.js';
import { readRequestConfig } from '../../config/read-config.js';
import type { AddedImage, AddImageInput } from '../../contract/sync.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { parsePlatformSelection, printPlatform } from '../../domain/platform.js';
import { requestFault, splitRequest } from '../../domain/request-limits.js';
import type { RequestedImage } from '../../domain/requested-images.js';
import { readRequestedImages } from '../../domain/requested-images.js';
import { hostAddresses } from '../../registry/transport/host-addresses.js';
import { ExitStatus } from '../exit-status.js';
import { readListFile, readText } from '../list-file.js';
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
  const requests = await readInput(typed, options, config);
  const added = options.sync
    ? await withTemporal(
        config,
        async (temporal) => await tellingOfMissingWorker(temporal, askForImages(temporal, requests)),
      )
    : await withStores(config, async ({ wanted }) => {
        const ports = { wanted, sources: createSourceGate(config.sources, hostAddresses), platforms: config.platforms };
        const answers: AddedImage[] = [];
        for (const request of requests) answers.push(...(await addToDatabase(request, ports, { by: 'cli' })));
        return answers;
      });

  if (options.json === true) printJson({ images: added, syncRequested: options.sync });
  else printAdded(added, options.sync);
  return added.some(({ outcome }) => outcome === 'refused') ? ExitStatus.failed : ExitStatus.done;
}

/** A file may hold more than one request takes. Nothing is asked for when any of the requests would be refused. */
async function readInput(
  typed: readonly string[],
  { file, payload, platform }: AddOptions,
  { platforms }: RequestConfig,
): Promise<readonly AddImageInput[]> {
  const sent = payload === undefined ? undefined : readRequestedImages(await readJson(payload));
  const images: (string | RequestedImage)[] = [
    ...typed,
    ...(file === undefined ? [] : await readListFile(file)).map(({ text }) => text),
  ];
  images.push(...(sent?.images ?? []));
  if (images.length === 0) throw new InvalidInput('no image was given: name some, or use --file', 'invalid-reference');
  const wanted = platform === undefined ? (sent?.platforms ?? platforms) : canonical(platform);
  const requests = splitRequest({ images, platforms: wanted }).map((page) => ({ images: page, platforms: wanted }));
  const fault = requests.map(requestFault).find((found) => found !== undefined);
  if (fault !== undefined) throw new InvalidInput(fault, 'invalid-reference');
  return requests;
}

async function askForImages(temporal: TemporalClient, requests: readonly AddImageInput[]): Promise<AddedImage[]> {
  const delivery = `cli-${randomUUID()}`;
  const added: AddedImage[] = [];
  for (const [position, request] of requests.entries()) {
    const id = position === 0 ? delivery : `${delivery}-${position}`;
    const result = await addImages(temporal, id, { ...request, requestedBy: 'ferry add' });
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

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readText(path, '--payload')) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InvalidInput(`--payload ${path} holds no JSON: ${error.message}`, 'configuration');
  }
}

function canonical(text: string): readonly string[] {
  const selection = parsePlatformSelection(text);
  return selection === 'all' ? ['all'] : selection.map(printPlatform);
}
