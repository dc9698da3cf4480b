/** What the fetch activities need from outside. */
import type { ImageReference } from '../../packages/registry/src/oci/image-reference.js';
import type { SourceRules } from '../domain/source-allow-list.js';
import type { UpstreamFinding } from '../domain/upstream-finding.js';
import type { FetchScope, Upstream } from '../domain/upstream.js';

export interface UpstreamState {
  /** The release that was handled last. */
  readonly release?: string;
  /** Of the listing that it was found in; absent when it is too old to be relied on. */
  readonly etag?: string;
  /** Of the configuration that it was handled with. */
  readonly fingerprint: string;
}

/** Looks at an upstream. A fault with the decision `wait` or `retry` passes by itself. */
export interface UpstreamWatcher {
  look(
    upstream: Upstream,
    options: {
      readonly handled?: Pick<UpstreamState, 'release' | 'etag'>;
      readonly again?: boolean;
      readonly scope?: FetchScope;
      readonly signal?: AbortSignal;
    },
  ): Promise<UpstreamFinding>;
}

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
