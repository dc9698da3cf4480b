import type { Digest } from '../domain/digest.js';
import { FerryError } from '../domain/ferry-error.js';
import { keepUnder } from './backup-tag.js';
import { transferBlob } from './blobs/blob-transfer.js';
import type { BlobDelivery, BlobDestination, TransferContext } from './blobs/blob-delivery.js';
import type { TargetResult } from './copy-types.js';
import { assertAlgorithmsKnown } from './manifests/digest-probe.js';
import type { Blob } from './blobs/image-blobs.js';
import { assertKindsTaken } from './manifests/kind-probe.js';
import { headManifestAt } from './manifests/manifest-exchange.js';
import { headManifests } from './manifests/head-manifests.js';
import type { OwedManifest } from './manifests/owed-manifests.js';
import { referenceOf } from './prepare-target.js';
import type { PreparedTarget } from './prepare-target.js';
import { publishTag } from './publish-tag.js';
import { Semaphore } from '../concurrency/semaphore.js';
import { sharedSignal } from './transport/shared-signal.js';

const CATCH_UPS_AT_ONCE = 2;

/** One target's share of a copy: its blobs, then its manifests, then its tag. Its failure is nobody else's. */
export class TargetRun {
  readonly destination: BlobDestination;
  /** What the target got, or why it did not; rejects only for a bug, or when the copy is aborted. */
  readonly result: Promise<TargetResult | FerryError>;
  readonly #context: TransferContext;
  readonly #target: PreparedTarget;
  readonly #failure = new AbortController();
  readonly #missing: OwedManifest[] = [];
  readonly #counts = { uploadedBlobs: 0, mountedBlobs: 0, skippedBlobs: 0, bytesSent: 0 };
  readonly #owed = new Map<string, Blob>();
  #allBlobsThere!: () => void;
  #finished = false;

  constructor(context: TransferContext, target: PreparedTarget) {
    this.#context = context;
    this.#target = target;
    this.destination = {
      name: target.plan.target,
      place: target.place,
      lagging: false,
      catchUps: new Semaphore(CATCH_UPS_AT_ONCE),
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

  /** Blobs of the manifests that the target lacks; one that is there vouches for its blobs, unless all is to go anew. */
  async owedBlobs(): Promise<readonly Blob[]> {
    const { client } = this.#context;
    const { place } = this.#target;
    try {
      await this.#lookForManifests();
      for (const { blobs } of this.#missing) for (const blob of blobs) this.#owed.set(blob.digest, blob);
      await assertAlgorithmsKnown(client, place, [...this.#owed.values()], this.destination.signal);
      await assertKindsTaken(client, place, this.#missing, this.destination.signal);
    } catch (error) {
      this.#fail(error);
      return [];
    }
    const owed = [...this.#owed.values()];
    const digests = owed.map(({ digest }) => digest);
    await client.blobHomes.learn(place.host, digests, this.#context.source);
    if (owed.length === 0) this.#allBlobsThere();
    return owed;
  }

  /** Follows one blob to its end. */
  await(blob: Blob, delivery: Promise<BlobDelivery> | undefined): void {
    delivery?.then(
      (delivered) => {
        this.#count(delivered);
        this.#owed.delete(blob.digest);
        if (this.#owed.size === 0) this.#allBlobsThere();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  async #lookForManifests(): Promise<void> {
    const { client, report } = this.#context;
    const { place, plan, anew } = this.#target;
    const manifests = this.#allManifests();
    if (anew) {
      this.#missing.push(...manifests);
      return;
    }
    const heads = await headManifests(client, place, manifests, this.destination.signal);
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

  async #run(blobs: Promise<void>): Promise<TargetResult | FerryError> {
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
      if (!(error instanceof FerryError)) throw error;
      this.#fail(error);
      this.#context.report({ type: 'target-failed', target: name, reason: error.message });
      return error;
    }
  }

  async #publish(): Promise<TargetResult> {
    const { client, report } = this.#context;
    const { manifests, referrers, place, target, plan, tagIsSet } = this.#target;
    const backup = await this.#keepReplaced();
    const unread = await publishTag({
      client,
      place,
      target: plan.target,
      tag: target.tag,
      tagIsSet,
      manifests,
      missing: new Set(this.#missing.map(({ content }) => content.digest)),
      referrers,
      signal: this.destination.signal,
      report,
      bringAgain: (manifest) => this.#bringAgain(manifest),
    });
    await this.#rememberBlobs();
    return {
      ...plan,
      outcome: 'copied',
      ...this.#counts,
      ...(backup === undefined ? {} : { backup }),
      ...(unread === undefined ? {} : { unread }),
    };
  }

  async #keepReplaced(): Promise<string | undefined> {
    const { place, target } = this.#target;
    const { backupTag: tag } = target;
    if (tag === undefined) return undefined;
    const digest = await this.#replaced();
    if (digest === undefined) return undefined;
    const kept = await keepUnder(this.#context.client, { place, digest, tag }, this.destination.signal);
    return kept === undefined ? undefined : referenceOf({ ...target, tag: kept });
  }

  /** A target that did not say before what its tag points to may say it now that the repository exists. */
  async #replaced(): Promise<Digest | undefined> {
    const { place, target, plan, tagIsUntold } = this.#target;
    if (!tagIsUntold) return plan.replaces;
    const head = await headManifestAt(this.#context.client, place, target.tag, { signal: this.destination.signal });
    return head?.digest === plan.digest ? undefined : head?.digest;
  }

  /** Its own and those that refer to it, each once. */
  #allManifests(): readonly OwedManifest[] {
    const { manifests, referrers } = this.#target;
    const all = [...referrers.manifests, ...manifests];
    return [...new Map(all.map((manifest) => [manifest.content.digest, manifest])).values()];
  }

  async #rememberBlobs(): Promise<void> {
    const { place } = this.#target;
    const digests = this.#allManifests().flatMap(({ blobs }) => blobs.map(({ digest }) => digest));
    await this.#context.client.blobHomes.remember(place.host, place.repository, digests);
  }

  async #bringAgain({ blobs }: OwedManifest): Promise<void> {
    const { client } = this.#context;
    const { host } = this.#target.place;
    client.host(host).mountsBroken = true;
    for (const blob of blobs) {
      for (const repository of client.blobHomes.of(host, blob.digest)) {
        await client.blobHomes.remove(host, repository, blob.digest);
      }
      const { deliveries } = transferBlob(this.#context, blob, [this.destination]);
      const delivered = await deliveries.get(this.destination);
      if (delivered?.outcome === 'uploaded') this.#count(delivered);
    }
  }

  #count({ outcome, bytesSent }: BlobDelivery): void {
    this.#counts.bytesSent += bytesSent;
    if (outcome === 'uploaded') this.#counts.uploadedBlobs++;
    else if (outcome === 'mounted') this.#counts.mountedBlobs++;
    else this.#counts.skippedBlobs++;
  }

  #fail(error: unknown): void {
    if (!this.#finished && !this.#failure.signal.aborted) this.#failure.abort(error);
  }
}
