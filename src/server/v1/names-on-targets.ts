import type { ImageReference } from '@image-ferry/registry/reference';

/** The name of an image on a target, or why the target takes none. */
export interface NameOnTarget {
  readonly target: string;
  /** `host/repository:tag` */
  readonly reference?: string | undefined;
  readonly fault?: string | undefined;
}

/** Where images are, or would be, on each target. */
export interface NamesOnTargets {
  of(source: ImageReference): Promise<readonly NameOnTarget[]>;
}
