/** A check of an upstream that has ended. Times in UTC milliseconds. */
export interface EndedCheck {
  /** Unique; a check that is recorded again keeps it. */
  readonly id: string;
  readonly upstream: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Why it failed. */
  readonly fault?: string | undefined;
  /** What it found, as JSON; absent if it failed. */
  readonly report?: unknown;
}
