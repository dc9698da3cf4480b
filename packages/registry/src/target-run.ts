import { createBackupTag } from './backup-tag.js';
import { transferBlob } from './blobs/blob-transfer.js';
import type { BlobUploadResult, BlobDestination } from './blobs/blob-upload-task.js';
import type { Blob } from './blobs/image-blobs.js';
import type { TransferContext } from './blobs/transfer-context.js';
import { Semaphore } from './concurrency/semaphore.js';
import type { TargetResult } from './copy-types.js';
import { RegistryError } from './errors.js';
import { assertAlgorithmsKnown } from './manifests/digest-probe.js';
import { assertKindsTaken } from './manifests/kind-probe.js';
import { headManifestAt } from './manifests/manifest-exchange.js';
import type { RequiredManifest } from './manifests/required-manifests.js';
import type { Digest } from './oci/digest.js';
import { referenceOf } from './prepare-target.js';
import type { PreparedTarget } from './prepare-target.js';
import { publishTag } from './publish-tag.js';
import { sharedSignal } from './transport/shared-signal.js';

const catchUpsAtOnce = 2;

/** One target's part of a copy: its blobs, then its manifests, then its tag. Its failure affects no other target. */
export class TargetRun {
  readonly destination: BlobDestination;
  /** What the target got, or why it failed; rejects only for a bug, or if the copy is aborted. */
  readonly result: Promise<TargetResult | RegistryError>;
  readonly #context: TransferContext;
  readonly #target: PreparedTarget;
  readonly #failure = new AbortController();
  readonly #missing: RequiredManifest[] = [];
  readonly #counts = { uploadedBlobs: 0, mountedBlobs: 0, skippedBlobs: 0, bytesSent: 0 };
  readonly #required = new Map<string, Blob>();
  #allBlobsThere!: () => void;
  #finished = false;

  constructor(context: TransferContext, target: PreparedTarget) {
    this.#context = context;
    this.#target = target;
    this.destination = {
      name: target.plan.target,
      repo: target.repo,
      tag: target.target.tag,
      lagging: false,
      looks: target.looks,
      catchUps: new Semaphore(catchUpsAtOnce),
      signal: sharedSignal(context.signal, this.#failure.signal),
    };
    const blobs = new Promise<void>((resolve) => {
      this.#allBlobsThere = resolve;
    });
    this.result = this.#run(blobs);
    this.result.catch(() => {});
  }

  get identity(): { readonly target: string; readonly reference: string } {
    return { target: this.#target.plan.target, reference: this.#target.plan.reference };
  }

  /** Nothing more needs to be sent: it has failed. */
  get isOver(): boolean {
    return this.destination.signal.aborted;
  }

  /** Blobs of the manifests that the target lacks. A manifest that is there vouches for its blobs, unless forced. */
  async requiredBlobs(): Promise<readonly Blob[]> {
    const { client } = this.#context;
    const { repo } = this.#target;
    try {
      await this.#lookForManifests();
      for (const { blobs } of this.#missing) for (const blob of blobs) this.#required.set(blob.digest, blob);
      await assertAlgorithmsKnown(client, repo, [...this.#required.values()], this.destination.signal);
      await assertKindsTaken(client, repo, this.#missing, this.destination.signal);
    } catch (error) {
      this.#fail(error);
      return [];
    }
    const required = [...this.#required.values()];
    this.#target.looks.begin({ blobs: required });
    const digests = required.map(({ digest }) => digest);
    await client.blobLocationCache.learn(repo.host, digests, this.#context.source);
    if (required.length === 0) this.#allBlobsThere();
    return required;
  }

  /** Waits for the outcome of one blob. */
  await(blob: Blob, delivery: Promise<BlobUploadResult> | undefined): void {
    delivery?.then(
      (delivered) => {
        this.#count(delivered);
        this.#required.delete(blob.digest);
        if (this.#required.size === 0) this.#allBlobsThere();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  async #lookForManifests(): Promise<void> {
    const { report } = this.#context;
    const { plan, force } = this.#target;
    const manifests = this.#allManifests();
    if (force) {
      this.#missing.push(...manifests);
      return;
    }
    const { looks } = this.#target;
    const heads = await Promise.all(manifests.map(async ({ content }) => await looks.manifest(content.digest)));
    for (const [position, manifest] of manifests.entries()) {
      if (heads[position] === undefined) {
        this.#missing.push(manifest);
        continue;
      }
      for (const { digest, size } of manifest.blobs) {
        this.#counts.skippedBlobs++;
        report({ type: 'blob', digest, target: plan.target, size, outcome: 'already-there' });
      }
    }
  }

  async #run(blobs: Promise<void>): Promise<TargetResult | RegistryError> {
    const { signal, name } = this.destination;
    const failed = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    try {
      await Promise.race([blobs, failed]);
      const result = await Promise.race([this.#publish(), failed]);
      this.#finished = true;
      this.#context.report({ type: 'target-done', target: name, digest: result.digest });
      return result;
    } catch (error) {
      this.#context.signal.throwIfAborted();
      if (!(error instanceof RegistryError)) throw error;
      this.#fail(error);
      this.#context.report({ type: 'target-failed', target: name, reason: error.message });
      return error;
    }
  }

  async #publish(): Promise<TargetResult> {
    const { client, report } = this.#context;
    const { manifests, referrers, repo, target, plan, tagIsSet } = this.#target;
    const backup = await this.#keepReplaced();
    const unread = await publishTag({
      client,
      repo,
      target: plan.target,
      tag: target.tag,
      tagIsSet,
      manifests,
      missing: new Set(this.#missing.map(({ content }) => content.digest)),
      referrers,
      signal: this.destination.signal,
      report,
      reuploadBlobs: (manifest) => this.#reuploadBlobs(manifest),
    });
    await this.#rememberBlobs();
    return {
      ...plan,
      outcome: 'copied',
      ...this.#counts,
      backup,
      unread,
    };
  }

  async #keepReplaced(): Promise<string | undefined> {
    const { repo, target } = this.#target;
    const { backupTag: tag } = target;
    if (tag === undefined) return undefined;
    const digest = await this.#replaced();
    if (digest === undefined) return undefined;
    const kept = await createBackupTag(this.#context.client, { repo, digest, tag }, this.destination.signal);
    return kept === undefined ? undefined : referenceOf({ ...target, tag: kept });
  }

  /** A target that did not reveal what its tag points to may reveal it now that the repository exists. */
  async #replaced(): Promise<Digest | undefined> {
    const { repo, target, plan, tagIsUntold } = this.#target;
    if (!tagIsUntold) return plan.replaces;
    const head = await headManifestAt(this.#context.client, repo, target.tag, { signal: this.destination.signal });
    return head?.digest === plan.digest ? undefined : head?.digest;
  }

  /** Its own manifests and those that refer to it, each once. */
  #allManifests(): readonly RequiredManifest[] {
    const { manifests, referrers } = this.#target;
    const all = [...referrers.manifests, ...manifests];
    return [...new Map(all.map((manifest) => [manifest.content.digest, manifest])).values()];
  }

  async #rememberBlobs(): Promise<void> {
    const { repo } = this.#target;
    const digests = this.#allManifests().flatMap(({ blobs }) => blobs.map(({ digest }) => digest));
    await this.#context.client.blobLocationCache.remember(repo.host, repo.repository, digests);
  }

  async #reuploadBlobs({ blobs }: RequiredManifest): Promise<void> {
    const { client } = this.#context;
    const { host } = this.#target.repo;
    client.host(host).mountsBroken = true;
    for (const blob of blobs) {
      for (const repository of client.blobLocationCache.of(host, blob.digest)) {
        await client.blobLocationCache.remove(host, repository, blob.digest);
      }
      const { deliveries } = transferBlob(this.#context, blob, [this.destination]);
      const delivered = await deliveries.get(this.destination);
      if (delivered?.outcome === 'uploaded') this.#count(delivered);
    }
  }

  #count({ outcome, bytesSent }: BlobUploadResult): void {
    this.#counts.bytesSent += bytesSent;
    if (outcome === 'uploaded') this.#counts.uploadedBlobs++;
    else if (outcome === 'mounted') this.#counts.mountedBlobs++;
    else this.#counts.skippedBlobs++;
  }

  #fail(error: unknown): void {
    if (!this.#finished && !this.#failure.signal.aborted) this.#failure.abort(error);
  }
}
