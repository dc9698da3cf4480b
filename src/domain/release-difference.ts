import { printImageReference, sourceRepository } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import type { ServiceImage } from './compose-images.js';
import type { ImageChange, ServiceChange } from './upstream-finding.js';

export interface ReleaseDifference {
  readonly added: readonly ImageChange[];
  readonly changed: readonly ImageChange[];
  readonly removed: readonly ImageChange[];
  readonly unchanged: readonly ImageChange[];
  /** Services that were added or removed, or whose image changed. */
  readonly services: readonly ServiceChange[];
}

/**
 * releaseDifference compares two releases by image and by service. An image counts once, even if several services use it.
 * It is *changed* if the older release has the same repository with another tag, *added* if it lacks the repository.
 */
export function releaseDifference(older: readonly ServiceImage[], newer: readonly ServiceImage[]): ReleaseDifference {
  const before = byImage(older);
  const after = byImage(newer);
  const added: ImageChange[] = [];
  const changed: ImageChange[] = [];
  const unchanged: ImageChange[] = [];
  const replaced = new Set<string>();

  for (const [image, use] of after) {
    if (before.has(image)) {
      unchanged.push(describe(image, use));
      continue;
    }
    const predecessor = predecessorOf(use, before, after);
    if (predecessor === undefined) {
      added.push(describe(image, use));
    } else {
      replaced.add(predecessor.image);
      changed.push({ ...describe(image, use), oldTag: tagOf(predecessor.use.reference) });
    }
  }
  const removed = [...before]
    .filter(([image]) => !after.has(image) && !replaced.has(image))
    .map(([image, use]): ImageChange => ({ image, services: use.services, oldTag: tagOf(use.reference) }));
  return { added, changed, removed, unchanged, services: serviceChanges(older, newer) };
}

interface Use {
  readonly reference: ImageReference;
  readonly services: readonly string[];
}

function byImage(images: readonly ServiceImage[]): Map<string, Use> {
  const uses = new Map<string, Use>();
  for (const { service, reference } of images) {
    const image = printImageReference(reference);
    uses.set(image, { reference, services: [...(uses.get(image)?.services ?? []), service] });
  }
  return uses;
}

/** The image that this one replaces: a removed one of the same repository, preferably used by the same service. */
function predecessorOf(use: Use, before: ReadonlyMap<string, Use>, after: ReadonlyMap<string, Use>) {
  const repository = sourceRepository(use.reference);
  const gone = [...before]
    .map(([image, other]) => ({ image, use: other }))
    .filter(({ image, use: other }) => !after.has(image) && sourceRepository(other.reference) === repository);
  return gone.find(({ use: other }) => other.services.some((service) => use.services.includes(service))) ?? gone[0];
}

function describe(image: string, { reference, services }: Use): ImageChange {
  return { image, services, newTag: tagOf(reference) };
}

function tagOf({ tag, digest }: ImageReference): string | undefined {
  return tag ?? digest;
}

function serviceChanges(older: readonly ServiceImage[], newer: readonly ServiceImage[]): ServiceChange[] {
  const before = new Map(older.map(({ service, reference }) => [service, printImageReference(reference)]));
  const after = new Map(newer.map(({ service, reference }) => [service, printImageReference(reference)]));
  const services = new Set([...after.keys(), ...before.keys()]);
  return [...services].flatMap((service) => {
    const from = before.get(service);
    const to = after.get(service);
    if (from === to) return [];
    return [{ service, from, to }];
  });
}
