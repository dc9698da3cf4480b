import { Semaphore } from '../concurrency/semaphore.js';
import { headManifestAt } from '../manifests/manifest-exchange.js';
import type { Digest } from '../oci/digest.js';
import type { RegistryClient } from '../registry-client.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { BodyBudget } from '../transport/body-budget.js';
import { endless, listReferrers } from './list-referrers.js';
import type { ListBounds } from './list-referrers.js';

const lookupsAtOnce = 4;
/** Over everything that one image points to. */
const maxListed = 50_000;
/** What cosign attaches to an image: signatures, attestations, SBOMs. */
const cosignSuffixes = ['sig', 'att', 'sbom'];

/** A manifest that cosign's tag naming attaches to another one. */
export interface CosignTag {
  readonly tag: string;
  readonly digest: Digest;
}

export interface FoundReferrers {
  readonly referrers: readonly Digest[];
  readonly cosignTags: readonly CosignTag[];
}

/** Finds what refers to the manifests of one source image; examines each manifest once for all targets. */
export class ReferrerFinder {
  readonly #client: RegistryClient;
  readonly #source: RepositoryRef;
  readonly #budget: BodyBudget;
  readonly #signal: AbortSignal;
  readonly #found = new Map<Digest, Promise<FoundReferrers>>();
  readonly #looks = new Semaphore(lookupsAtOnce);
  #listed = 0;

  constructor(client: RegistryClient, source: RepositoryRef, { budget, signal }: Required<ListBounds>) {
    this.#client = client;
    this.#source = source;
    this.#budget = budget;
    this.#signal = signal;
  }

  /** @throws RegistryFault of the source */
  of(subject: Digest): Promise<FoundReferrers> {
    const known = this.#found.get(subject);
    if (known !== undefined) return known;
    const looking = this.#look(subject);
    this.#found.set(subject, looking);
    return looking;
  }

  async #look(subject: Digest): Promise<FoundReferrers> {
    const bounds = { budget: this.#budget, signal: this.#signal };
    const release = await this.#looks.acquire(this.#signal);
    try {
      const referrers = await listReferrers(this.#client, this.#source, subject, bounds);
      this.#listed += referrers.length;
      if (this.#listed > maxListed) throw endless(this.#source, subject, `${maxListed} entries for the whole image`);
      const cosignTags: CosignTag[] = [];
      for (const suffix of cosignSuffixes) {
        const tag = `${subject.replace(':', '-')}.${suffix}`;
        const head = await headManifestAt(this.#client, this.#source, tag, { ...bounds, isRare: true });
        if (head !== undefined) cosignTags.push({ tag, digest: head.digest });
      }
      return { referrers, cosignTags };
    } finally {
      release();
    }
  }
}
