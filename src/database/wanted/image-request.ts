/** A request for an image in the form of a row. */
import { imageKey } from '../../domain/image-key.js';
import { recordableImage } from '../../domain/wanted-image.js';
import type { RequestedBy, WantedRequest } from '../../domain/wanted-image.js';
import { uniteTargets } from '../../domain/wanted-targets.js';
import type { TargetSelection } from '../../domain/wanted-targets.js';
import { canonicalPlatforms } from '../row-shapes.js';

export interface ImageRequest {
  readonly request: WantedRequest;
  readonly requestedBy: RequestedBy;
  readonly isExplicit: boolean;
  readonly image: string;
  readonly platform: string;
  readonly key: string;
  readonly targets: TargetSelection;
}

/** @throws InvalidInput if the image is too long for its column */
export function imageRequestOf(request: WantedRequest): ImageRequest {
  const { requestedBy } = request;
  const image = recordableImage(request.reference);
  const platform = canonicalPlatforms(request.platform);
  // An upstream is not an explicit request: withdrawn and blocked rows do not change.
  const isExplicit = requestedBy.by !== 'upstream' && requestedBy.by !== 'row';
  const targets = uniteTargets(request.targets ?? 'all', []);
  return { request, requestedBy, isExplicit, image, platform, key: imageKey(image, platform), targets };
}

/** Merges duplicate requests and their targets. */
export function uniqueRequests(imageRequests: readonly ImageRequest[]): ImageRequest[] {
  const byKey = new Map<string, ImageRequest>();
  for (const imageRequest of imageRequests) {
    const targets = uniteTargets(byKey.get(imageRequest.key)?.targets ?? [], imageRequest.targets);
    byKey.set(imageRequest.key, { ...imageRequest, targets });
  }
  return [...byKey.values()];
}

/** Who requested an image, for its events. */
export function requester({ by, id }: RequestedBy): string {
  return id === undefined ? by : `${by} ${id}`;
}
