/** The parts outside that move things and pass requests on, as activities see them. */
import type { SyncRequest } from '../contract/sync.js';
import type { Digest } from '../domain/digest.js';
import type { ImageReference } from '../domain/image-reference.js';
import type { CopyOptions, CopyPlan, CopyReport, CopyRequest } from '../registry/copy-types.js';

/** The copy engine. A source fault is thrown; a target's is part of what is returned. */
export interface CopyEngine {
  /** What a source's reference leads to, which proves that it is there; one HEAD. */
  resolve(source: ImageReference, options?: { readonly signal?: AbortSignal }): Promise<Digest>;
  plan(request: CopyRequest, options?: CopyOptions): Promise<CopyPlan>;
  copy(request: CopyRequest, options?: CopyOptions): Promise<CopyReport>;
  /** What a tag points to on a target, asked with the target's own account; undefined when it is not there. */
  head(
    place: { readonly target: string; readonly host: string; readonly repository: string; readonly tag: string },
    options?: { readonly signal?: AbortSignal },
  ): Promise<{ readonly digest: string } | undefined>;
}

/** Passes a request on to the one `SyncAll`, starting it where it does not run. */
export interface SyncRequester {
  requestSync(request: SyncRequest): Promise<void>;
  /** The same at a later time (UTC ms), in place of an earlier such request. */
  requestSyncAt(request: { readonly at: number; readonly reason: string }): Promise<void>;
}
