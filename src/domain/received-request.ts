/** A webhook delivery, or a request that changes something, as `requests` keeps it. */
export interface ReceivedRequest {
  /** UTC milliseconds. */
  readonly at: number;
  readonly kind: RequestKind;
  readonly method: string;
  /** Pattern of the route, never the path. */
  readonly route: string;
  /** HTTP status of the answer. */
  readonly status: number;
  readonly outcome: RequestOutcome;
  /** GitHub's event, or `event_type`. */
  readonly event?: string | undefined;
  /** `owner/name` */
  readonly repository?: string | undefined;
  readonly delivery?: string | undefined;
  /** Who sent it, if that is known. */
  readonly who?: string | undefined;
  /** Why it was refused or ignored. */
  readonly reason?: string | undefined;
}

/** `api`: with a token; `console`: from a browser that is signed in. */
export type RequestKind = 'webhook' | 'dispatch' | 'api' | 'console';
export type RequestOutcome = 'accepted' | 'ignored' | 'refused';
