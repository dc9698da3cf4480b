/** Names of signals and queries; their payloads are in `sync.ts`. */
export const MessageName = {
  /** Signal of `SyncAll`, payload `SyncRequest`. */
  requestSync: 'requestSync',
  /** Signal of the workflows that look at an upstream: what is there now has to be seen, so look once more. */
  lookAgain: 'lookAgain',
  /** Query of `SyncAll`, answers `SyncProgress`. */
  progress: 'progress',
} as const;
