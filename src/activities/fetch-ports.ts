/** What the fetch activities need from outside. */
import type { ImageReference } from '../../packages/registry/src/oci/image-reference.js';
import type { SourceRules } from '../domain/source-allow-list.js';
import type { UpstreamState } from '../domain/upstream-state.js';

/** Which release of each upstream was handled last. */
export interface UpstreamStates {
  read(upstream: string): Promise<UpstreamState | undefined>;
  save(upstream: string, state: UpstreamState): Promise<void>;
  /**
   * Makes rows pending again that are blocked because their tag was missing, and says which they were.
   *
   * @param images canonical images, with the platforms that are wanted of each
   */
  reviveMissing(
    images: readonly { readonly image: string; readonly platform: string }[],
  ): Promise<readonly { readonly image: string; readonly platform: string }[]>;
}

/** Which registries images may come from. */
export interface FoundSources {
  readonly rules: SourceRules;
  /** For each reference the reason why it may not be taken, or undefined. */
  refusals(references: readonly ImageReference[]): Promise<readonly (string | undefined)[]>;
}
