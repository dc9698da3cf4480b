import type { RequestActivities } from '../contract/activity-types.js';
import type { AddedImage, AddImageInput } from '../contract/sync.js';
import { InvalidInput } from '../domain/ferry-error.js';
import type { ImageReference } from '../domain/image-reference.js';
import { parseImageReference, printImageReference } from '../domain/image-reference.js';
import { parsePlatformSelection, printPlatform } from '../domain/platform.js';
import type { RequestedBy } from '../domain/wanted-image.js';
import { activity } from './activity.js';
import type { SyncRequester } from './engine-ports.js';
import type { Deliveries, WantedImages } from './ports.js';

export interface RequestPorts {
  readonly wanted: WantedImages;
  readonly deliveries: Deliveries;
  readonly requester: SyncRequester;
  /** Canonical platforms, or `all` alone: what a request without platforms means. */
  readonly platforms: readonly string[];
}

export function createRequestActivities({ wanted, deliveries, requester, platforms }: RequestPorts): RequestActivities {
  return {
    requestSync: activity(async (request) => await requester.requestSync(request)),
    addImages: activity(async (input) => {
      if (!(await deliveries.first(input.delivery, input.owner))) return { images: [], repeated: true };
      const requestedBy: RequestedBy = { by: 'workflow', id: input.requestedBy ?? input.delivery };
      return { images: await addImages(input, wanted, platforms, requestedBy), repeated: false };
    }),
  };
}

/**
 * Parses, refuses with a reason, and records: one bad reference does not refuse the others. The accepted ones are
 * committed together.
 */
export async function addImages(
  { images, platforms: asked }: Pick<AddImageInput, 'images' | 'platforms'>,
  wanted: Pick<WantedImages, 'addWanted'>,
  defaultPlatforms: readonly string[],
  requestedBy: RequestedBy,
): Promise<AddedImage[]> {
  const platforms = canonicalPlatforms(asked ?? defaultPlatforms);
  const read = images.map(readReference);
  const requests = read.flatMap(({ reference }) =>
    reference === undefined ? [] : platforms.map((platform) => ({ reference, platform, requestedBy })),
  );
  const results = requests.length === 0 ? [] : await wanted.addWanted(requests);
  const outcomes = new Map(results.map((result) => [`${result.image}|${result.platform}`, result.outcome]));

  return read.flatMap(({ asked: text, reference, reason }): AddedImage[] => {
    if (reference === undefined) return [{ asked: text, outcome: 'refused', reason: reason ?? 'not a reference' }];
    const image = printImageReference(reference);
    return platforms.map((platform) => ({
      asked: text,
      image,
      platform,
      outcome: outcomes.get(`${image}|${platform}`) ?? 'already-pending',
    }));
  });
}

function readReference(asked: string): { asked: string; reference?: ImageReference; reason?: string } {
  try {
    return { asked, reference: parseImageReference(asked) };
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return { asked, reason: error.message };
  }
}

function canonicalPlatforms(texts: readonly string[]): readonly string[] {
  const selection = parsePlatformSelection(texts.join(','));
  return selection === 'all' ? ['all'] : selection.map(printPlatform);
}
