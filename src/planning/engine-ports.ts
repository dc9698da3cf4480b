/** The copy engine, as planning and activities see it. */
import type {
  CheckedContents,
  CopyOptions,
  CopyPlan,
  CopyReport,
  CopyRequest,
  UploadRecord,
} from '@image-ferry/registry';
import type { Digest } from '@image-ferry/registry/digest';
import type { TagContents } from '@image-ferry/registry/manifest';
import type { ImageReference } from '@image-ferry/registry/reference';

/** A tag on a target. */
export interface TagRef {
  readonly target: string;
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
}

/** The copy engine. A source fault is thrown; a target's is part of what is returned. */
export interface CopyEngine {
  /** Resolves a source's reference to its digest, which proves that it exists; one HEAD. */
  resolve(source: ImageReference, options?: { readonly signal?: AbortSignal | undefined }): Promise<Digest>;
  plan(request: CopyRequest, options?: CopyOptions): Promise<CopyPlan>;
  copy(request: CopyRequest, options?: CopyOptions): Promise<CopyReport>;
  /** What a tag points to on a target, asked with the target's own account; undefined when it is not there. */
  head(
    tag: TagRef,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<{ readonly digest: string } | undefined>;
  /** Proves that a registry answers on a target's host. @throws RegistryFault if something else does, or nothing */
  reach(host: string, options: { readonly signal: AbortSignal }): Promise<void>;
  /** The same as `head` with the platforms that it holds; manifest and config are read for that. */
  look(tag: TagRef, options?: { readonly signal?: AbortSignal | undefined }): Promise<TagContents | undefined>;
  /** Whether a target can deliver everything that a manifest needs. @throws RegistryError if it does not answer, or refuses */
  contents(
    repository: Pick<TagRef, 'target' | 'host' | 'repository'>,
    digest: Digest,
    options?: { readonly signal?: AbortSignal | undefined; readonly beforeRequest?: (() => Promise<void>) | undefined },
  ): Promise<CheckedContents>;
  /** The same of a source; manifests that are read count as pulls there. @param source with the digest to check */
  sourceContents(
    source: ImageReference & { readonly digest: Digest },
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<CheckedContents>;
  /** Cancels an upload at its registry. @throws RegistryFault if the registry cannot be reached, or refuses */
  cancelUpload(record: UploadRecord, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** Whether what a look found are the images that the source has at a digest, for the wanted platforms. */
  isSame(
    request: Pick<CopyRequest, 'source' | 'platforms'> & { readonly sourceDigest: Digest },
    found: { readonly tag: TagRef; readonly contents: TagContents },
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<boolean>;
}
