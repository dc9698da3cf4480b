import { randomUUID } from 'node:crypto';

import { hostAddresses } from '@image-ferry/registry';

import { addImageId, addImages } from '../../client/add-images.js';
import { readRequestConfig } from '../../config/read-config.js';
import type { RequestConfig } from '../../config/read-config.js';
import type { AddedImage, AddImageInput } from '../../contract/sync-messages.js';
import type { Stores } from '../../database/stores.js';
import { canonicalPlatforms } from '../../domain/canonical-platforms.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { addImages as addToDatabase } from '../../domain/judge-requested-images.js';
import { requestFault, splitRequest } from '../../domain/request-limits.js';
import { readAgain, readRequest } from '../../domain/requested-images.js';
import type { RequestedImage } from '../../domain/requested-images.js';
import { isPlatformAlone } from '../../domain/requested-text.js';
import { createSourceGate } from '../../domain/source-gate.js';
import { printAddedImages } from '../added-images.js';
import { ExitStatus } from '../exit-status.js';
import { readText } from '../list-file.js';
import { warningOfMissingWorker } from '../missing-worker-warning.js';
import { printJson, printLine, printMessage } from '../output.js';
import { cancelCommand } from '../temporal-command.js';
import { temporalConnection } from '../temporal-connection.js';
import { unlessInterrupted } from '../unless-interrupted.js';
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
  const added = options.sync ? await addByWorker(config, requests) : await addHere(config, requests);
  if (added === undefined) return ExitStatus.failed;

  if (options.json === true) printJson({ images: added, syncRequested: options.sync });
  else printAdded(added, options.sync);
  return added.some(({ outcome }) => outcome === 'refused') ? ExitStatus.failed : ExitStatus.done;
}

/**
 * One file may exceed the limit of one request, so the images are split. Nothing is requested if any request would be
 * refused.
 */
async function readInput(
  typed: readonly string[],
  { file, payload, platform }: AddOptions,
  { platforms }: RequestConfig,
): Promise<readonly AddImageInput[]> {
  const sent = payload === undefined ? undefined : readRequest(await readJson(payload));
  const images: RequestedImage[] = [
    ...readArguments(typed),
    ...(file === undefined ? [] : readList(await readText(file, '--file'))),
    ...(sent?.images ?? []),
  ];
  if (sent !== undefined && sent.ignored.length > 0) {
    printMessage(`--payload ${payload ?? ''}: unknown fields are ignored: ${sent.ignored.join(', ')}`);
  }
  if (images.length === 0) {
    throw new InvalidInput(
      'no image given: pass references ("ferry add nginx:1.27 redis:7.4"), --file or --payload',
      'invalid-reference',
    );
  }
  const wanted = platform === undefined ? (sent?.platforms ?? platforms) : canonicalPlatforms(platform);
  const requests = splitRequest({ images, platforms: wanted }).map((page) => ({ images: page, platforms: wanted }));
  const fault = requests.map(requestFault).find((found) => found !== undefined);
  if (fault !== undefined) throw new InvalidInput(fault, 'invalid-reference');
  return requests;
}

/**
 * Rejects a platform such as `linux/arm64` among the images: its `--platform` is missing. Nothing is requested then.
 */
function readArguments(typed: readonly string[]): readonly RequestedImage[] {
  const platform = typed.find(isPlatformAlone);
  if (platform !== undefined) {
    throw new InvalidInput(
      `"${platform}" is a platform, not an image: use --platform ${platform}`,
      'invalid-reference',
    );
  }
  return typed.flatMap(readAgain);
}

/** Parses a text of any length; the caller splits it into requests. */
function readList(text: string): readonly RequestedImage[] {
  return text.trim() === '' ? [] : readAgain(text);
}

/** @returns undefined when interrupted */
async function addByWorker(
  config: RequestConfig,
  requests: readonly AddImageInput[],
): Promise<readonly AddedImage[] | undefined> {
  const delivery = `cli-${randomUUID()}`;
  const added: AddedImage[] = [];
  let position = 0;
  const idAt = (at: number): string => (at === 0 ? delivery : `${delivery}-${at}`);
  return await withTemporal(config, async (temporal) => {
    const ask = async (signal: AbortSignal): Promise<readonly AddedImage[]> => {
      for (const [at, request] of requests.entries()) {
        signal.throwIfAborted();
        position = at;
        const result = await addImages(temporal, idAt(at), { ...request, requestedBy: 'ferry add' }, signal);
        added.push(...result.images);
      }
      return added;
    };
    return await unlessInterrupted(
      async (signal) => await warningOfMissingWorker(temporal, ask(signal)),
      () => describeContinuation(idAt(position), requests.slice(position + 1)),
    );
  });

  function describeContinuation(id: string, unsent: readonly AddImageInput[]): string {
    const unsentImages = unsent.reduce((sum, { images }) => sum + images.length, 0);
    return (
      `Temporal keeps the request, and a worker will record its images. "ferry status IMAGE" shows one; "ferry remove IMAGE" withdraws it. To cancel the request: ${cancelCommand(temporalConnection(config), addImageId(id))}` +
      (unsentImages === 0 ? '' : `. The last ${unsentImages} images were not requested`)
    );
  }
}

async function addHere(config: RequestConfig, requests: readonly AddImageInput[]): Promise<readonly AddedImage[]> {
  const work = async ({ wanted }: Stores): Promise<readonly AddedImage[]> => {
    const ports = { wanted, sources: createSourceGate(config.sources, hostAddresses), platforms: config.platforms };
    const answers: AddedImage[] = [];
    for (const request of requests) answers.push(...(await addToDatabase(request, ports, { by: 'cli' })));
    return answers;
  };
  return await withStores(config, work, { creates: true });
}

function printAdded(added: readonly AddedImage[], sync: boolean): void {
  printAddedImages(added);
  if (added.every(({ outcome }) => outcome === 'refused')) return;
  printLine(sync ? 'Sync requested.' : 'Recorded. The next sync run copies them.');
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readText(path, '--payload')) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InvalidInput(`--payload ${path} is not valid JSON: ${error.message}`, 'configuration');
  }
}
