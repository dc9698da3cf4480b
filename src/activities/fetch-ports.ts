/** What the fetch activities need from outside. */
import type { ImageReference } from '@image-ferry/registry/reference';

import type { SourceRules } from '../domain/source-allow-list.js';

/** Which registries images may come from. */
export interface FoundSources {
  readonly rules: SourceRules;
  /** For each reference the reason why it may not be taken, or undefined. */
  refusals(references: readonly ImageReference[]): Promise<readonly (string | undefined)[]>;
}
