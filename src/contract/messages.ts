/** Names of signals and queries; their payloads are in `sync.ts`. */
export const MessageName = {
  /** Signal of `SyncAll`, payload `SyncRequest`. */
  requestSync: 'requestSync',
  /** Query of `SyncAll`, answers `SyncProgress`. */
  progress: 'progress',
} as const;
