import type { NotificationKind } from './notification.js';

/** How long an incident lasts before people are notified of it, in milliseconds. */
export interface Patience {
  /** Images that fail together are one message. */
  readonly groupMs: number;
  readonly retryingMs: number;
  readonly targetMs: number;
}

/** When an incident that is still open then is announced, UTC milliseconds. */
export function announcedAt(kind: NotificationKind, openedAt: number, patience: Patience): number {
  switch (kind) {
    case 'retrying':
      return openedAt + patience.retryingMs;
    case 'target':
      return openedAt + patience.targetMs;
    case 'release':
    case 'silent':
    case 'run':
      return openedAt;
    default:
      return openedAt + patience.groupMs;
  }
}
