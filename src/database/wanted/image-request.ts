/** A request for an image as a row is to hold it. */
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

/** @throws InvalidInput for an image that is too long to be recorded */
export function imageRequestOf(request: WantedRequest): ImageRequest {
  const { requestedBy } = request;
  const image = recordableImage(request.reference);
  const platform = canonicalPlatforms(request.platform);
  // What an upstream announces is nobody's command: what a person withdrew or has to look at stays so.
  const isExplicit = requestedBy.by !== 'upstream' && requestedBy.by !== 'row';
  const targets = uniteTargets(request.targets ?? 'all', []);
  return { request, requestedBy, isExplicit, image, platform, key: imageKey(image, platform), targets };
}

/** The same wish made several times goes where any of them says. */
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
