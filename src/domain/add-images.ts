import { InvalidInput } from './ferry-error.js';
import type { ImageReference } from './image-reference.js';
import { parseImageReference, printImageReference } from './image-reference.js';
import { parsePlatformSelection, printPlatform } from './platform.js';
import type { AddedImage, RequestedImage } from './requested-images.js';
import type { SourceGate } from './source-gate.js';
import type { RequestedBy, WantedRequest, WantedResult } from './wanted-image.js';
import { PushStatus } from './wanted-image.js';

export interface AddRequest {
  readonly images: readonly (string | RequestedImage)[];
  readonly platforms?: readonly string[];
}

export interface AddPorts {
  readonly wanted: { addWanted(requests: readonly WantedRequest[]): Promise<readonly WantedResult[]> };
  readonly sources: SourceGate;
  /** Canonical platforms, or `all` alone: what a request without platforms means. */
  readonly platforms: readonly string[];
}

/**
 * Parses, refuses with a reason, and records: one bad reference does not refuse the others. The accepted ones are
 * committed together. The answers are in the order of asking, one for each platform.
 */
export async function addImages(
  { images, platforms: asked }: AddRequest,
  { wanted, sources, platforms: standard }: AddPorts,
  requestedBy: RequestedBy,
): Promise<AddedImage[]> {
  const read = await withoutForbidden(
    images.map((image) => readRequest(image, asked ?? standard)),
    sources,
  );
  const { results, refusals } = await record(read.flatMap(wishesOf), wanted);
  return read.flatMap((request) => answersTo(request, results, refusals));

  function wishesOf({ reference, platforms }: ReadRequest): WantedRequest[] {
    return reference === undefined ? [] : platforms.map((platform) => ({ reference, platform, requestedBy }));
  }
}

/** By reference: what the store answered for each platform, and why it took none. */
interface Recorded {
  readonly results: ReadonlyMap<string, WantedResult>;
  readonly refusals: ReadonlyMap<ImageReference, string>;
}

/** All in one transaction; where the store cannot take one of them, each alone, so that it is the only one refused. */
async function record(requests: readonly WantedRequest[], wanted: AddPorts['wanted']): Promise<Recorded> {
  const results = new Map<string, WantedResult>();
  const refusals = new Map<ImageReference, string>();
  const add = async (some: readonly WantedRequest[]): Promise<void> => {
    for (const result of await wanted.addWanted(some)) results.set(`${result.image}|${result.platform}`, result);
  };
  try {
    if (requests.length > 0) await add(requests);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    for (const request of requests) {
      try {
        await add([request]);
      } catch (reason) {
        if (!(reason instanceof InvalidInput)) throw reason;
        refusals.set(request.reference, reason.message);
      }
    }
  }
  return { results, refusals };
}

function answersTo(
  { asked, reference, platforms, reason }: ReadRequest,
  results: Recorded['results'],
  refusals: Recorded['refusals'],
): AddedImage[] {
  const refusal = reference === undefined ? reason : refusals.get(reference);
  if (reference === undefined || refusal !== undefined)
    return [{ asked, outcome: 'refused', reason: refusal ?? 'not a reference' }];
  const image = printImageReference(reference);
  return platforms.map((platform) => {
    const result = results.get(`${image}|${platform}`);
    const previous = result?.previous === undefined ? {} : { previous: statusNames[result.previous] };
    return { asked, image, platform, outcome: result?.outcome ?? 'already-pending', ...previous };
  });
}

interface ReadRequest {
  readonly asked: string;
  /** Absent: refused. */
  readonly reference?: ImageReference;
  readonly platforms: readonly string[];
  readonly reason?: string;
}

/** No reference is longer: what is answered stays small, whatever was sent. */
const longestAnswer = 1_000;

const statusNames = {
  [PushStatus.pending]: 'pending',
  [PushStatus.pushed]: 'pushed',
  [PushStatus.parked]: 'parked',
  [PushStatus.withdrawn]: 'withdrawn',
} as const;

function readRequest(requested: string | RequestedImage, standard: readonly string[]): ReadRequest {
  const { image, platforms = standard } = typeof requested === 'string' ? { image: requested } : requested;
  const asked = image.slice(0, longestAnswer);
  try {
    return { asked, reference: parseImageReference(image), platforms: canonicalPlatforms(platforms) };
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return { asked, platforms: [], reason: error.message };
  }
}

async function withoutForbidden(read: readonly ReadRequest[], sources: SourceGate): Promise<readonly ReadRequest[]> {
  const references = read.flatMap(({ reference }) => reference ?? []);
  const refusals = new Map<ImageReference, string>();
  for (const [index, reason] of (await sources.refusals(references)).entries()) {
    const reference = references[index];
    if (reference !== undefined && reason !== undefined) refusals.set(reference, reason);
  }
  return read.map((one) => {
    const reason = one.reference === undefined ? undefined : refusals.get(one.reference);
    return reason === undefined ? one : { asked: one.asked, platforms: [], reason };
  });
}

function canonicalPlatforms(texts: readonly string[]): readonly string[] {
  const selection = parsePlatformSelection(texts.join(','));
  return selection === 'all' ? ['all'] : selection.map(printPlatform);
}
