import { FerryError } from '../domain/ferry-error.js';
import { transferBlob } from './blob-transfer.js';
import type { BlobDelivery, BlobDestination, TransferContext } from './blob-delivery.js';
import type { TargetResult } from './copy-types.js';
import type { Blob } from './image-blobs.js';
import { getManifest, headManifestAt, putManifest } from './manifest-exchange.js';
import type { OwedManifest } from './owed-manifests.js';
import type { PreparedTarget } from './prepare-target.js';
import { RegistryFault, saysCode } from './registry-errors.js';
import { Semaphore } from './semaphore.js';
import { backoff, rest } from './transport/retrying.js';
import { sharedSignal } from './transport/shared-signal.js';

const CATCH_UPS_AT_ONCE = 2;
const MANIFEST_ATTEMPTS = 4;
const BLOB_UNKNOWN = ['MANIFEST_BLOB_UNKNOWN', 'BLOB_UNKNOWN', 'MANIFEST_UNKNOWN'];

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

  /** Blobs of the manifests that the target lacks; a manifest that is there vouches for its blobs. */
  async owedBlobs(): Promise<readonly Blob[]> {
    try {
      await this.#lookForManifests();
    } catch (error) {
      this.#fail(error);
      return [];
    }
    for (const { blobs } of this.#missing) for (const blob of blobs) this.#owed.set(blob.digest, blob);
    const owed = [...this.#owed.values()];
    const { client } = this.#context;
    await client.blobHomes.learn(
      this.#target.place.host,
      owed.map(({ digest }) => digest),
    );
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
    const { place, manifests, plan } = this.#target;
    const options = { deniedIsAbsent: true, signal: this.destination.signal };
    const heads = await Promise.all(
      manifests.map(({ content }) => headManifestAt(client, place, content.digest, options)),
    );
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
    const { manifests, target, plan } = this.#target;
    const root = manifests.at(-1);
    if (root === undefined) throw new TypeError('a tag always leads to a manifest');
    for (const manifest of this.#missing) {
      if (manifest !== root) await this.#put(manifest, manifest.content.digest);
    }
    await this.#put(root, target.tag);
    await this.#readBack(root);
    await this.#rememberBlobs();
    return { ...plan, outcome: 'copied', ...this.#counts };
  }

  async #rememberBlobs(): Promise<void> {
    const { manifests, place } = this.#target;
    const digests = manifests.flatMap(({ blobs }) => blobs.map(({ digest }) => digest));
    await this.#context.client.blobHomes.remember(place.host, place.repository, digests);
  }

  /** A registry may not see at once what it has just been given, or may have promised a mount that it did not make. */
  async #put(manifest: OwedManifest, reference: string): Promise<void> {
    const { client, report } = this.#context;
    const { place, plan } = this.#target;
    const { signal } = this.destination;
    for (let attempt = 1; ; attempt++) {
      try {
        await putManifest(client, place, reference, manifest.content, signal);
        report({ type: 'manifest', digest: manifest.content.digest, target: plan.target });
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!saysCode(error, ...BLOB_UNKNOWN)) throw refusedManifest(error);
        if (attempt === MANIFEST_ATTEMPTS) throw neverSeen(error);
        await rest(backoff(attempt, client.host(place.host).timing), signal);
        await this.#bringAgain(manifest);
      }
    }
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

  /** The tag is right when reading it gives the very bytes; a registry may need a moment to show it. */
  async #readBack({ content }: OwedManifest): Promise<void> {
    const { client } = this.#context;
    const { place, target } = this.#target;
    const { signal } = this.destination;
    for (let attempt = 1; ; attempt++) {
      const found = await getManifest(client, place, target.tag, { signal });
      if (found?.body.equals(content.body) === true) return;
      if (attempt === MANIFEST_ATTEMPTS) {
        const what = found === undefined ? 'nothing is there' : `${found.digest} is there`;
        const message = `the tag "${target.tag}" was set to ${content.digest}, but ${what}; does somebody else write to it?`;
        throw new RegistryFault(message, { place, code: 'target-corrupt', decision: 'retry' });
      }
      await rest(backoff(attempt, client.host(place.host).timing), signal);
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

/** A manifest refused with 404 or 413 says something else than a blob refused so. */
function refusedManifest(error: unknown): unknown {
  if (!(error instanceof RegistryFault) || error.status !== 413) return error;
  return restated(error, 'manifest-too-large', 'park');
}

function neverSeen(error: unknown): unknown {
  return error instanceof RegistryFault ? restated(error, 'manifest-refused', 'retry') : error;
}

function restated(error: RegistryFault, code: FerryError['code'], decision: FerryError['decision']): RegistryFault {
  const place = { side: error.side, host: error.host, repository: error.repository };
  return new RegistryFault(error.reason, { place, code, decision, diagnostics: error.diagnostics, cause: error });
}
