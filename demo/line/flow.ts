import type { Socket } from 'node:net';

import type { Fault } from './faults.js';
import { rateLimit } from './rate-limit.js';
import type { RateLimit } from './rate-limit.js';

/** What a flow knows of its line. */
export interface FlowSurroundings {
  readonly roundTripMs: () => number;
  readonly bytesPerSecond: () => { readonly connection?: number | undefined; readonly line?: number | undefined };
  /** Of all connections, in this direction. */
  readonly lineLimit: RateLimit;
  /** Nothing departs earlier: the connection is not open. `performance.now()` */
  readonly opensAt: number;
  readonly isStalled: () => boolean;
  readonly nextFault: (forwarded: number) => Fault | undefined;
  readonly onFault: (kind: Fault['kind']) => void;
  /** Resets both ends of the connection. */
  readonly reset: () => void;
  /** @param at when the bytes were sent, `performance.now()` */
  readonly onRead: (chunk: Buffer, at: number) => void;
  readonly onForwarded: (bytes: number) => void;
  readonly onHeld: (bytes: number) => void;
}

/** One direction of a connection. */
export interface Flow {
  /** Forwards what is due now: the receiver is connected, or a stall has ended. */
  pump(): void;
  /** Ends the flow's own stall. */
  resume(): void;
  /** The sender's end of the connection is lost: the receiver's end is reset after the bytes before it. */
  lose(): void;
  /** Drops everything: the receiver is gone. */
  drop(): void;
}

/** `what` is bytes, or how the connection ends after them. */
interface Piece {
  readonly what: Buffer | 'end' | 'reset';
  readonly dueAt: number;
}

/** A piece takes its time on the line as a whole; small ones arrive evenly. */
const pieceMs = 4;
const leastPieceBytes = 1024;
/** No finer than timers are. */
const backlogMs = 5;
/** Late timers take nothing from the rate of a sender that has more to send, up to this. */
const mostCreditMs = 100;
/** One read of a socket. */
const readBytes = 64 * 1024;
/** Near the largest window that Linux gives a connection: what is on the way on a long line without a rate. */
const unlimitedWindowBytes = 4 * 1024 * 1024;
/** How late bytes may leave the line on a busy machine without being missed on it. */
const latenessMs = 20;
const loopbackWindowBytes = 256 * 1024;

/**
 * Reads one socket, and writes to another one what has had its time on the line. The flow reads no faster than its rate,
 * and holds no more than what is on the way at that rate and one read.
 */
export function startFlow(from: Socket, to: Socket, surroundings: FlowSurroundings): Flow {
  const { roundTripMs, bytesPerSecond, lineLimit, opensAt } = surroundings;
  const ownLimit = rateLimit();
  let queue: Piece[] = [];
  let held = 0;
  let forwarded = 0;
  /** When the last byte that was read departs. */
  let departedAt = opensAt;
  let reads = 0;
  /** The sender had more bytes as soon as the last ones were read. */
  let hasMore = false;
  let stopped: 'stalled' | 'resetting' | 'done' | undefined;
  let hasStalled = false;
  let timer: NodeJS.Timeout | undefined;
  const lowestRate = (): number => Math.min(bytesPerSecond().connection ?? Infinity, bytesPerSecond().line ?? Infinity);

  from.on('data', (chunk: Buffer) => {
    if (stopped === 'done') return;
    const now = performance.now();
    const readyAt = hasMore ? Math.max(now - mostCreditMs, Math.min(now, departedAt)) : now;
    reads += 1;
    hasMore = true;
    watch();
    surroundings.onRead(chunk, Math.max(now, opensAt));
    const { connection, line } = bytesPerSecond();
    for (const piece of piecesOf(chunk, lowestRate())) {
      const startsAt = Math.max(readyAt, opensAt);
      departedAt = Math.max(
        ownLimit.reserve(piece.length, startsAt, connection),
        lineLimit.reserve(piece.length, startsAt, line),
      );
      queue.push({ what: piece, dueAt: departedAt + roundTripMs() / 2 });
    }
    held += chunk.length;
    surroundings.onHeld(held);
    pump();
  });
  from.once('end', () => finish('end'));

  /** A sender has no more when the event loop has looked for bytes, and found none. */
  const watch = (): void => {
    const before = reads;
    // The first one may come before the event loop looks.
    setImmediate(() =>
      setImmediate(() => {
        if (reads === before && !from.isPaused()) hasMore = false;
      }),
    );
  };

  const finish = (what: 'end' | 'reset'): void => {
    if (stopped === 'done') return;
    queue.push({ what, dueAt: Math.max(performance.now(), departedAt) + roundTripMs() / 2 });
    pump();
  };

  const pump = (): void => {
    clearTimeout(timer);
    if (stopped === 'done') return;
    const now = performance.now();
    const canWrite = (): boolean =>
      stopped === undefined && !to.connecting && !to.writableNeedDrain && !surroundings.isStalled();
    let next = 0;
    for (let piece = queue[next]; piece !== undefined && piece.dueAt <= now && canWrite(); piece = queue[next]) {
      next += 1;
      if (piece.what === 'reset') return end(() => to.resetAndDestroy());
      if (piece.what === 'end') {
        to.end();
        continue;
      }
      const rest = forward(piece.what);
      if (rest !== undefined) queue[(next -= 1)] = { what: rest, dueAt: piece.dueAt };
    }
    queue = queue.slice(next);
    control(now, canWrite());
  };

  /** @returns what has to wait, when a fault came before its end */
  const forward = (bytes: Buffer): Buffer | undefined => {
    const fault = surroundings.nextFault(forwarded);
    const size = Math.min(fault?.afterBytes ?? Infinity, bytes.length);
    const isDue = fault !== undefined && fault.afterBytes === size && !(fault.kind === 'stall' && hasStalled);
    forwarded += size;
    held -= size;
    surroundings.onForwarded(size);
    if (isDue) {
      stopped = fault.kind === 'reset' ? 'resetting' : 'stalled';
      hasStalled ||= fault.kind === 'stall';
      surroundings.onFault(fault.kind);
    }
    // The receiver's kernel has the bytes before the reset.
    const written = isDue && fault.kind === 'reset' ? surroundings.reset : undefined;
    if (size > 0) to.write(bytes.subarray(0, size), written);
    else if (written !== undefined) setImmediate(written);
    return size === bytes.length ? undefined : bytes.subarray(size);
  };

  /** Reads on or waits, and comes back when there is something to do. */
  const control = (now: number, canWrite: boolean): void => {
    const readsAgainAt = departedAt - backlogMs / 2;
    const isFull = held >= windowBytes(lowestRate(), roundTripMs());
    if (isFull || departedAt > now + backlogMs) from.pause();
    else if (from.isPaused()) {
      from.resume();
      watch();
    }
    const dueAt = canWrite ? (queue[0]?.dueAt ?? Infinity) : Infinity;
    const wakeAt = Math.min(dueAt, from.isPaused() && !isFull ? readsAgainAt : Infinity);
    if (wakeAt !== Infinity) timer = setTimeout(pump, Math.max(1, wakeAt - now));
  };

  const end = (last?: () => void): void => {
    stopped = 'done';
    clearTimeout(timer);
    queue = [];
    held = 0;
    last?.();
  };

  to.on('drain', pump);
  return {
    pump,
    resume() {
      if (stopped === 'stalled') stopped = undefined;
      pump();
    },
    lose: () => finish('reset'),
    drop: () => end(),
  };
}

function* piecesOf(chunk: Buffer, bytesPerSecond: number): Generator<Buffer> {
  const size = Math.max(leastPieceBytes, Math.min(readBytes, (bytesPerSecond / 1000) * pieceMs));
  for (let start = 0; start < chunk.length; start += size) yield chunk.subarray(start, start + size);
}

function windowBytes(bytesPerSecond: number, roundTripMs: number): number {
  if (roundTripMs === 0) return loopbackWindowBytes;
  if (bytesPerSecond === Infinity) return unlimitedWindowBytes;
  return (bytesPerSecond / 1000) * (roundTripMs / 2 + backlogMs + latenessMs) + readBytes;
}
