import type { CopyProgress } from '../copy-types.js';
import type { RegistryClient } from '../registry-client.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { CopySlots } from './host-lane.js';

/** What the transfers of one copy share. */
export interface TransferContext {
  readonly client: RegistryClient;
  readonly source: RepositoryRef;
  /** What this copy has in flight. */
  readonly slots: CopySlots;
  /** Blobs prepare before it settles, but none is sent; it never rejects. */
  readonly mayFlow?: Promise<void> | undefined;
  /** Every blob has had its shared read: targets that were too slow for it may read the source now. */
  readonly passesOver: Promise<void>;
  readonly signal: AbortSignal;
  readonly report: (progress: CopyProgress) => void;
}
