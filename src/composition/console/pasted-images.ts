import { randomUUID } from 'node:crypto';

import { parsePlatformSelection } from '@image-ferry/registry/platform';
import { printImageReference, withoutPassword } from '@image-ferry/registry/reference';

import type { RequestConfig } from '../../config/read-config.js';
import type { Stores } from '../../database/stores.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { readAddRequest } from '../../domain/judge-requested-images.js';
import type { PastedLine } from '../../domain/pasted-text.js';
import type { PendingPlan } from '../../domain/plan-types.js';
import { requestFault, requestLimits } from '../../domain/request-limits.js';
import type { SourceGate } from '../../domain/source-gate.js';
import type { Target } from '../../domain/target.js';
import type { WantedRequest } from '../../domain/wanted-image.js';
import type { ServerWork } from '../../server/server-work.js';
import type { PastedImages } from '../../server/v1/add-routes.js';
import type { StatusDatabase } from '../status-database.js';
import { assertTargets } from './known-targets.js';
import { planInTime } from './plan-in-time.js';
import type { TimedPlanOptions } from './plan-in-time.js';
import { readPasted } from './read-pasted.js';
import { namesOnTargets } from './target-names.js';

type ParsedLine = Awaited<ReturnType<PastedImages['parse']>>['lines'][number];

export interface PastedImagesOptions extends Pick<TimedPlanOptions, 'config' | 'configFault' | 'withinMs'> {
  readonly database: StatusDatabase;
  readonly work: Pick<ServerWork, 'addImages' | 'addImagesResult'>;
  readonly sources: SourceGate;
  /** Of requests that name none. */
  readonly platforms: RequestConfig['platforms'];
  readonly targets: readonly Target[];
}

/** Images that a person pasted: what is understood of them, and their request. */
export function createPastedImages(options: PastedImagesOptions): PastedImages {
  const { database, work, targets } = options;
  return {
    async parse({ text, platforms, plan = false }, signal) {
      const lines = readPasted(text);
      const count = lines.reduce((sum, { images }) => sum + images.length, 0);
      assertCount(count);
      return await database.read(async (stores) => {
        const read: ReadLine[] = [];
        for (const line of lines) read.push(await readLine(line, platforms, stores, options));
        const shown = {
          lines: read.map(({ line }) => line),
          images: read.reduce((sum, { line }) => sum + line.images.length, 0),
          refused: read.filter(({ line }) => line.refused !== undefined).length,
        };
        if (!plan || shown.images === 0) return shown;
        const requests = read.flatMap((one) => one.requests);
        return { ...shown, ...(await planInTime(plansOf(requests), { ...options, stores, signal })) };
      });
    },
    async add({ text, images, platforms, targets: chosen }, { name }) {
      assertTargets(
        chosen ?? [],
        targets.map((target) => target.name),
      );
      const requested = images ?? readPasted(text ?? '').flatMap((line) => line.images);
      assertCount(requested.length);
      if (requested.length === 0) throw new InvalidInput('the text contains no image', 'invalid-reference');
      const fault = requestFault({ images: requested, platforms });
      if (fault !== undefined) throw new InvalidInput(fault, 'invalid-reference');
      const delivery = `console-${randomUUID()}`;
      await work.addImages(delivery, {
        images: requested,
        platforms,
        targets: chosen,
        requestedBy: `console: ${name}`,
      });
      const result = await work.addImagesResult(delivery);
      return result === undefined ? { delivery, accepted: true } : { delivery, ...result };
    },
  };
}

interface ReadLine {
  readonly line: ParsedLine;
  readonly requests: readonly WantedRequest[];
}

async function readLine(
  { line, text, service, images }: PastedLine,
  platforms: readonly string[] | undefined,
  { names, images: known }: Stores,
  { sources, platforms: standard, targets }: PastedImagesOptions,
): Promise<ReadLine> {
  const place = { line, text: withoutPassword(text), service };
  const fault = requestFault({ images, platforms });
  if (fault !== undefined)
    return { line: { ...place, images: [], refused: fault, codes: ['invalid-reference'] }, requests: [] };
  const by = { by: 'workflow' } as const;
  const { imageRequests, answers } = await readAddRequest({ images, platforms }, { sources, platforms: standard }, by);
  const refusals = answers([]).filter(({ outcome }) => outcome === 'refused');
  const parsed = new Map<string, ParsedLine['images'][number]>();
  for (const { reference, platform } of imageRequests) {
    const image = printImageReference(reference);
    const before = parsed.get(image);
    if (before === undefined) {
      const wanted = (await known.statesOf(image))[0];
      const on = await namesOnTargets(names, reference, targets);
      parsed.set(image, { image, platforms: [platform], wanted, names: on });
    } else parsed.set(image, { ...before, platforms: [...before.platforms, platform] });
  }
  const understood = { ...place, images: [...parsed.values()] };
  if (refusals.length === 0) return { line: understood, requests: imageRequests };
  const refused = [...new Set(refusals.flatMap(({ reason }) => reason ?? []))].join('; ');
  const codes = [...new Set(refusals.flatMap(({ code }) => code ?? []))];
  return { line: { ...understood, refused, codes }, requests: imageRequests };
}

async function* plansOf(requests: readonly WantedRequest[]): AsyncGenerator<readonly PendingPlan[]> {
  const platformsOf = new Map<string, string[]>();
  for (const { reference, platform } of requests) {
    const image = printImageReference(reference);
    platformsOf.set(image, [...(platformsOf.get(image) ?? []), platform]);
  }
  yield [...platformsOf].map(([image, platforms]) => ({
    image,
    platforms: platforms.includes('all') ? 'all' : parsePlatformSelection(platforms.join(',')),
    targets: 'all',
    toAdopt: false,
    force: false,
  }));
}

function assertCount(count: number): void {
  if (count <= requestLimits.images) return;
  throw new InvalidInput(
    `the text contains ${count} images, the limit is ${requestLimits.images}`,
    'invalid-reference',
  );
}
