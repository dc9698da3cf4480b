/** Names of signals and queries; their payloads are in `sync-messages.ts`. */
export const MessageName = {
  /** Signal of `SyncAll`, payload `SyncRequest`. */
  requestSync: 'requestSync',
  /** Signal of the workflows that check an upstream: check once more when the current check has ended. */
  checkAgain: 'checkAgain',
  /** Query of `SyncAll`, answers `SyncProgress`. */
  progress: 'progress',
} as const;
