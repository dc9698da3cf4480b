import {
  canonicalHost,
  parseImageReference,
  printImageReference,
  withoutPassword,
} from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import { bareRegistry } from './bare-registry.js';
import { canonicalPlatforms } from './canonical-platforms.js';
import { InvalidInput } from './ferry-error.js';
import { requestFault } from './request-limits.js';
import { readAgain } from './requested-images.js';
import type { AddedImage, RefusalCode, RequestedImage } from './requested-images.js';
import type { SourceGate } from './source-gate.js';
import { PushStatus, recordableImage } from './wanted-image.js';
import type { RequestedBy, WantedRequest, WantedResult } from './wanted-image.js';

export interface AddRequest {
  readonly images: readonly (string | RequestedImage)[];
  readonly platforms?: readonly string[] | undefined;
  /** Names of targets; absent: every configured one. */
  readonly targets?: readonly string[] | undefined;
}

export interface AddPorts {
  readonly wanted: { addWanted(requests: readonly WantedRequest[]): Promise<readonly WantedResult[]> };
  readonly sources: SourceGate;
  /** Canonical platforms, or `all` alone: the default of a request without platforms. */
  readonly platforms: readonly string[];
}

/**
 * addImages parses and checks the requested images and records the valid ones in one transaction. An invalid reference is
 * refused with a reason and does not affect the others. The answers are in the order of the request, one per platform.
 */
export async function addImages(
  request: AddRequest,
  { wanted, ...ports }: AddPorts,
  requestedBy: RequestedBy,
): Promise<AddedImage[]> {
  const { imageRequests, answers } = await readAddRequest(request, ports, requestedBy);
  return answers(imageRequests.length === 0 ? [] : await wanted.addWanted(imageRequests));
}

/** A request that was parsed but not recorded yet. */
export interface ReadAddRequest {
  readonly imageRequests: readonly WantedRequest[];
  /** Builds the answer for each reference from the results of the store. */
  answers(results: readonly WantedResult[]): AddedImage[];
}

/** The first half of {@link addImages}, for callers that record the requests together with other data. */
export async function readAddRequest(
  { images, platforms: asked, targets }: AddRequest,
  { sources, platforms: standard }: Omit<AddPorts, 'wanted'>,
  requestedBy: RequestedBy,
): Promise<ReadAddRequest> {
  // In a workflow's input one text may contain several images.
  const requested = images.flatMap(readAgain);
  const fault =
    requested.length > images.length ? requestFault({ images: requested, platforms: asked ?? standard }) : undefined;
  if (fault !== undefined) throw new InvalidInput(fault, 'invalid-reference');
  const read = await withoutForbidden(
    requested.map((image) => judge(image, asked ?? standard)),
    sources,
  );
  return {
    imageRequests: read.flatMap(({ reference, platforms }) =>
      reference === undefined ? [] : platforms.map((platform) => ({ reference, platform, requestedBy, targets })),
    ),
    answers(results) {
      const byKey = new Map(results.map((result) => [`${result.image}|${result.platform}`, result]));
      return read.flatMap((one) => answersTo(one, byKey));
    },
  };
}

function answersTo(
  { asked, reference, platforms, code = 'invalid-reference', reason }: ReadRequest,
  results: ReadonlyMap<string, WantedResult>,
): AddedImage[] {
  if (reference === undefined) return [{ asked, outcome: 'refused', code, reason: reason ?? 'not a reference' }];
  const image = printImageReference(reference);
  return platforms.map((platform) => {
    const result = results.get(`${image}|${platform}`);
    const previous = result?.previous === undefined ? undefined : statusNames[result.previous];
    return { asked, image, platform, outcome: result?.outcome ?? 'already-pending', previous };
  });
}

interface ReadRequest {
  readonly asked: string;
  /** Absent if refused. */
  readonly reference?: ImageReference | undefined;
  readonly platforms: readonly string[];
  readonly code?: RefusalCode | undefined;
  readonly reason?: string | undefined;
}

/** No reference is longer. It keeps answers small for any input. */
const longestAnswer = 1_000;

const statusNames = {
  [PushStatus.pending]: 'pending',
  [PushStatus.pushed]: 'pushed',
  [PushStatus.blocked]: 'blocked',
  [PushStatus.withdrawn]: 'withdrawn',
} as const;

/** The requested text of an image, as answers show it. */
export function shownInAnswers(image: string): string {
  return withoutPassword(image).slice(0, longestAnswer);
}

function judge({ image, platforms, refused }: RequestedImage, standard: readonly string[]): ReadRequest {
  const asked = shownInAnswers(image);
  if (refused !== undefined) return { asked, platforms: [], reason: refused };
  const registry = bareRegistry(image);
  if (registry !== undefined) {
    const instead = `${canonicalHost(registry)}/owner/name:tag`;
    return { asked, platforms: [], reason: `it is a registry without a repository: type ${instead}` };
  }
  try {
    const reference = parseImageReference(image);
    recordableImage(reference);
    return { asked, reference, platforms: canonicalPlatforms((platforms ?? standard).join(',')) };
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    const code = error.code === 'invalid-platform' ? error.code : 'invalid-reference';
    return { asked, platforms: [], code, reason: error.message };
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
    return reason === undefined ? one : { asked: one.asked, platforms: [], code: 'source-not-allowed', reason };
  });
}
