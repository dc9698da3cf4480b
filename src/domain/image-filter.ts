import type { ImageState } from './state-change.js';

/** Which wanted images a list shows, or an action changes. */
export interface ImageFilter {
  /** Part of the image, in upper or lower case. */
  readonly search?: string | undefined;
  /**
   * `wanted`: all but withdrawn, the default; `missing`: neither pushed nor withdrawn. With a target it is the state of the
   * copy there.
   */
  readonly state?: ImageState | 'wanted' | 'missing' | undefined;
  /** Name of a target. */
  readonly target?: string | undefined;
  /** Registry of the source. */
  readonly host?: string | undefined;
  /** Name of the upstream that announced the image. */
  readonly upstream?: string | undefined;
  /** Fault code of the image or of one of its copies. */
  readonly code?: string | undefined;
  /** Without a request and without a run since then, UTC milliseconds. */
  readonly olderThan?: number | undefined;
}

/** `added`: by the row; `image`: by the reference; `checked`: by the time of the last run that finished with it. */
export const ImageSort = { added: 'added', image: 'image', checked: 'checked' } as const;
export type ImageSort = (typeof ImageSort)[keyof typeof ImageSort];
