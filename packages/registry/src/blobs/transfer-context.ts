import type { CopyProgress, TransferWait } from '../copy-types.js';
import type { RegistryClient } from '../registry-client.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { CopySlots } from './host-lane.js';
import type { Blob } from './image-blobs.js';

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

/** Reports what a read of a blob brings, and that it brings nothing. */
export function onSource({ report, source }: TransferContext, { digest }: Blob): OnSource {
  return {
    onRead: (bytes) => report({ type: 'read', digest, bytes }),
    onSourceStalled: (forMs, awaits) => report({ type: 'stalled', digest, host: source.host, forMs, awaits }),
  };
}

interface OnSource {
  onRead(bytes: number): void;
  onSourceStalled(forMs: number, awaits: TransferWait): void;
}
