/** How many manifests a source lets a client read. Types only. */

/** A source's limit for reads of manifests: Docker Hub counts each GET of a manifest as a pull, and no HEAD. */
export interface PullAllowance {
  readonly pulls: number;
  /** Milliseconds in which the source counts them. */
  readonly windowMs: number;
}

/** The allowance that a source reports with an answer (the headers `ratelimit-limit` and `ratelimit-remaining`). */
export interface AnnouncedPulls extends PullAllowance {
  readonly remaining: number;
  /** The address or account whose pulls it counts together; '' if it does not say. */
  readonly rateLimitSource: string;
}

/** Counts the reads that a source counts, over everyone who shares its allowance. */
export interface PullQuota {
  /** Whether it is known if this source has a limit: it has responded before, or the limit is configured. */
  isKnown(host: string): boolean;
  /**
   * Books one pull, before it is made.
   *
   * @returns undefined if it may be made; otherwise the reason, for users, and the milliseconds until it may
   */
  acquire(host: string): Promise<{ readonly reason: string; readonly freeInMs: number } | undefined>;
  /**
   * Records what a source reported with an answer; undefined if it reported no limit.
   *
   * @param ageMs since the request was sent
   */
  observe(host: string, announced: AnnouncedPulls | undefined, ageMs: number): Promise<void>;
}
