import { parseImageReference, printImageReference, sourceRepository } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import { groupRows } from './group-rows.js';

/** How an image was found; the words are shown to people and stored with the request. */
export type FindRule =
  /** A line of a plain list. */
  | 'list'
  /** `image` of a compose service, or of its image volume. */
  | 'compose'
  /** `image` of a container of any kind, or of an object that starts containers. */
  | 'container'
  /** `reference` of an image volume. */
  | 'image-volume'
  | 'dockerfile-from'
  | 'dockerfile-copy'
  /** `RUN --mount=from=` */
  | 'dockerfile-mount'
  /** The frontend that `# syntax=` names: BuildKit pulls it. */
  | 'dockerfile-syntax'
  /** An annotation in which the authors of a chart list its images. */
  | 'chart-annotation'
  /** An `image` of an object that is none of Kubernetes' own. */
  | 'custom-resource'
  | 'environment'
  | 'argument'
  /** Registry, repository and tag or digest in fields of their own. */
  | 'triple'
  /** A text that is an image, in a field that does not say so. */
  | 'text'
  /** Inside of a text, such as a file in a ConfigMap. */
  | 'nested';

/** Certain: whatever starts the thing pulls it. Likely: it has the form of an image that may be pulled. */
export type Certainty = 'certain' | 'likely';

/** Where an image was found. */
export interface Evidence {
  /** Path of a file, address of a chart, `standard input`, or a cluster. */
  readonly source: string;
  /** From 1; absent where a source has no lines, or they are unknown. */
  readonly line?: number | undefined;
  /** In the document: `Deployment kube-system/coredns spec.template.spec.containers[0].image`, `service web`. */
  readonly path: string;
  readonly rule: FindRule;
  /** As written there. */
  readonly text: string;
  /** Why a running cluster cannot pull it. */
  readonly failing?: string | undefined;
}

/** One place that names one image. */
export interface ImageFind {
  readonly reference: ImageReference;
  readonly certainty: Certainty;
  readonly evidence: Evidence;
}

/** An image with everything that names it. */
export interface DiscoveredImage {
  /** Canonical `host/path:tag[@digest]`. */
  readonly image: string;
  /** Certain if one of its finds is. */
  readonly certainty: Certainty;
  /** Certain ones first, in the order in which they were found. */
  readonly evidence: readonly Evidence[];
}

/**
 * groupFinds returns each image once: what a cluster cannot pull first, then certain ones, then likely ones, each in the
 * order in which they were found. A likely image without a tag is dropped if a certain one has the same repository.
 */
export function groupFinds(finds: readonly ImageFind[]): readonly DiscoveredImage[] {
  const groups = groupRows(finds, ({ reference }) => printImageReference(reference));
  const images = [...groups].map(([image, group]): DiscoveredImage => {
    const sorted = [...group.filter(isCertain), ...group.filter((find) => !isCertain(find))];
    return {
      image,
      certainty: group.some(isCertain) ? 'certain' : 'likely',
      evidence: sorted.map(({ evidence }) => evidence),
    };
  });
  const known = new Set(
    images.filter(({ certainty }) => certainty === 'certain').map(({ image }) => repositoryOf(image)),
  );
  const kept = images.filter(({ image, certainty, evidence }) => {
    return certainty === 'certain' || hasOwnTag(evidence) || !known.has(repositoryOf(image));
  });
  return kept.toSorted((a, b) => rank(a) - rank(b));
}

function isCertain({ certainty }: ImageFind): boolean {
  return certainty === 'certain';
}

/** A text such as `quay.io/org/app` in an argument, which is read as its tag `latest`. */
function hasOwnTag(evidence: readonly Evidence[]): boolean {
  return evidence.some(({ text }) => /:[^/]+$|@/.test(text));
}

function repositoryOf(image: string): string {
  return sourceRepository(parseImageReference(image));
}

function rank({ certainty, evidence }: DiscoveredImage): number {
  if (evidence.some(({ failing }) => failing !== undefined)) return 0;
  return certainty === 'certain' ? 1 : 2;
}
