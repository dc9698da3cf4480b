import type { IncomingMessage } from 'node:http';

import type { TakeBytes } from '../../transport/body-tap.js';
import type { BodyReply } from '../../transport/registry-request.js';
import type { Timing } from '../../transport/timing.js';
import type { ByteBudget } from './byte-budget.js';
import type { ConnectionLimit } from './connection-limit.js';

/** What a read of one blob, over several connections, works with. */
export interface DividedReadOptions {
  readonly size: number;
  /** The first byte that is still missing. */
  readonly offset: number;
  /** The answer whose body is the blob from `offset` on, or with status 200 the whole of it. */
  readonly first: BodyReply;
  readonly timing: Timing;
  /** When the source last had no room for another blob. */
  readonly refusedBlobAt: () => number;
  readonly limit: ConnectionLimit;
  readonly budget: ByteBudget;
  /** Whether more than the first connection may read it. */
  readonly mayDivide: boolean;
  /** Takes the bytes from `offset` on, in order. */
  readonly deliver: TakeBytes;
  /** Called for all bytes that arrive, in whatever order. */
  readonly onArrived: (bytes: number) => void;
  readonly signal: AbortSignal;
  /** Makes the error for more bytes than the blob has. */
  readonly tooLong: () => Error;
  /** Makes the error for an answer that ended before the blob did. */
  readonly endedEarly: (response: IncomingMessage) => Error;
}
