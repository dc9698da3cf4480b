import type { MirrorSettings } from '../client-options.js';
import { dropOldest } from '../concurrency/drop-oldest.js';
import type { RegistryError } from '../errors.js';
import { isDigest } from '../oci/digest.js';

/** How long a mirror that failed is skipped: a thousand requests must not each wait for it. */
const restMs = 60_000;
const maxDistrusted = 1000;

export interface Mirror<Host> {
  readonly settings: MirrorSettings;
  readonly host: () => Host;
}

/**
 * The mirrors of one source, in the order in which they are tried before it. Requests to them name digests, so that no
 * mirror can give anything else; they name tags only if the configuration trusts the mirrors with tags.
 */
export class MirrorList<Host> {
  readonly #mirrors: readonly Mirror<Host>[];
  readonly #onFault: (fault: RegistryError) => void;
  readonly #restsUntil = new Map<Mirror<Host>, number>();
  readonly #distrusted = new Set<string>();

  /** @param onFault called for each mirror that is skipped for a while, with the reason */
  constructor(
    settings: readonly MirrorSettings[],
    hostOf: (name: string) => Host,
    onFault: (fault: RegistryError) => void,
  ) {
    this.#mirrors = settings.map((one) => ({ settings: one, host: () => hostOf(one.host) }));
    this.#onFault = onFault;
  }

  get isEmpty(): boolean {
    return this.#mirrors.length === 0;
  }

  /** The mirrors to try for a digest or tag now. */
  candidates(reference: string): readonly Mirror<Host>[] {
    if (this.#distrusted.has(reference)) return [];
    const isFixed = isDigest(reference);
    return this.#mirrors.filter(
      (mirror) => (isFixed || mirror.settings.resolvesTags) && (this.#restsUntil.get(mirror) ?? 0) <= performance.now(),
    );
  }

  /** Skips a mirror for a while. */
  rest(mirror: Mirror<Host>, fault: RegistryError): void {
    this.#restsUntil.set(mirror, performance.now() + restMs);
    this.#onFault(fault);
  }

  /**
   * The content of the digest came wrong or incomplete: from now on the origin serves it.
   *
   * @returns whether that is new, so that another request may succeed
   */
  markBad(reference: string): boolean {
    if (this.isEmpty || this.#distrusted.has(reference)) return false;
    this.#distrusted.add(reference);
    dropOldest(this.#distrusted, maxDistrusted);
    return true;
  }
}
