/** The state that `Notify` passes to its next workflow run. A person may start it with no input. */
export interface NotifyState {
  /** How often changes are read, in milliseconds. */
  readonly everyMs?: number | undefined;
  /** For tests: continue as new after this many events instead of when the server suggests it. */
  readonly continueAfterEvents?: number | undefined;
}
