import type { IncomingMessage } from 'node:http';

import { RegistryError } from '../../errors.js';
import { PooledBuffer } from '../../transport/buffer-pool.js';
import type { BufferLease } from '../../transport/buffer-pool.js';
import { asError } from '../../transport/exchange.js';
import { discardBody } from '../../transport/response-body.js';
import { SourceCut } from '../open-blob.js';
import { ThroughputWatchdog } from '../throughput-watchdog.js';
import type { DividedReadOptions } from './divided-read-options.js';
import { RangeRequests } from './range-requests.js';
import { ReceiverPace } from './receiver-pace.js';
import { SegmentConnection } from './segment-connection.js';
import { SegmentPlan } from './segment-plan.js';
import { Segments } from './segments.js';
import type { Segment } from './segments.js';
import { isStarving } from './starving-segment.js';

/** A smaller rest is read over one connection. */
const leastDividedBytes = 16 * 1024 * 1024;
/** Two connections read the same segment until one of them has brought this much before the other. */
const decidedBytes = 512 * 1024;
const mostForOneSegment = 3;
const ticksPerWindow = 4;

/**
 * Reads the rest of a blob and hands it on in order. It begins with the one connection that it is given. A large blob
 * whose receivers take more than that brings is divided into segments, which further connections read; what arrives
 * before its turn is kept within the process's budget. A segment that the delivery waits for and that starves is
 * requested again over another connection: the first to bring it wins. A server that does not send ranges, or accepts
 * no more connections, costs nothing: the first connection reads on.
 */
export class DividedRead {
  readonly #options: DividedReadOptions;
  readonly #segments: Segments<SegmentConnection>;
  readonly #connections = new Set<SegmentConnection>();
  readonly #plan: SegmentPlan;
  readonly #receivers: ReceiverPace;
  readonly #requests: RangeRequests;
  readonly #watch: ThroughputWatchdog;
  readonly #isLarge: boolean;
  #keepLess: (() => void) | undefined;
  #paused = false;
  #resting = false;
  #isOver = false;
  #isDivided = false;
  #cannotDivide = false;
  /** No request before that: the last one has failed. */
  #resumesAt = 0;
  #resolve!: () => void;
  #reject!: (error: Error) => void;
  #headSince = 0;
  #lastTickAt = performance.now();

  constructor(options: DividedReadOptions) {
    const { size, offset, first, timing, limit, mayDivide } = options;
    this.#options = options;
    this.#segments = new Segments(offset, size);
    this.#plan = new SegmentPlan(this.#segments, this.#connections, options);
    this.#receivers = new ReceiverPace(timing, performance.now());
    this.#requests = new RangeRequests(size, first);
    this.#watch = new ThroughputWatchdog(timing.idleMs, performance.now());
    this.#isLarge = mayDivide && !limit.isRefused && size - offset >= leastDividedBytes;
  }

  /** Whether ranges of several answers were put together. */
  get isDivided(): boolean {
    return this.#isDivided;
  }

  pause(): void {
    if (!this.#paused) this.#receivers.paused(performance.now());
    this.#paused = true;
    this.#regulate();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    const now = performance.now();
    this.#receivers.resumed(now);
    this.#watch.flows(now);
    this.#handOn();
  }

  /** The rate limit of the source lets nothing be read for a while. */
  rest(isResting: boolean): void {
    this.#resting = isResting;
    if (!isResting) this.#watch.flows(performance.now());
    this.#regulate();
  }

  /** Ends the read; `run` resolves. */
  stop(): void {
    if (!this.#isOver) this.#end(this.#resolve);
  }

  /** @throws SourceCut when the rest must be requested again, BlobMismatch, the signal's reason */
  async run(): Promise<void> {
    const { size, offset, first, limit, budget, timing, signal } = this.#options;
    // A blob without bytes: nothing will arrive.
    if (size === offset) {
      discardBody(first.response);
      return;
    }
    const finished = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const timers = [
      setInterval(() => this.#checkSilence(), timing.idleMs / 4),
      ...(this.#isLarge ? [setInterval(() => this.#tick(), timing.rateWindowMs / ticksPerWindow)] : []),
    ];
    const leaveBudget = budget.whenRoom(() => this.#regulate());
    const abort = (): void => this.#end(() => this.#reject(asError(signal.reason)));
    signal.addEventListener('abort', abort, { once: true });
    try {
      const now = performance.now();
      this.#headSince = now;
      // A server that ignores the range sends everything: bytes that were read already are skipped.
      const begins = first.response.statusCode === 200 ? 0 : offset;
      const { head } = this.#segments;
      if (head !== undefined) {
        const connection = new SegmentConnection(head, { first: begins, end: size, now });
        this.#connections.add(connection);
        limit.opened(now);
        this.#regulate();
        this.#receive(connection, first.response);
      }
      await finished;
    } finally {
      for (const timer of timers) clearInterval(timer);
      leaveBudget();
      this.#keepLess?.();
      signal.removeEventListener('abort', abort);
    }
  }

  #receive(connection: SegmentConnection, response: IncomingMessage): void {
    connection.receive(response, {
      take: (bytes, lease) => this.#take(connection, bytes, lease),
      over: (isComplete) => this.#over(connection, response, isComplete),
    });
  }

  #take(connection: SegmentConnection, bytes: Buffer, lease: BufferLease): void {
    if (connection.isClosed) return;
    const { size, limit, onArrived, tooLong } = this.#options;
    const now = performance.now();
    const from = connection.position;
    connection.position += bytes.length;
    connection.bytes += bytes.length;
    connection.movedAt = now;
    this.#watch.took(bytes.length, now);
    limit.took(bytes.length, now);
    onArrived(bytes.length);
    if (connection.position > size) {
      this.#end(() => this.#reject(tooLong()));
      return;
    }
    const { segment } = connection;
    while (connection.position >= segment.end && connection.readsOn) {
      this.#takeOver(this.#segments.after(segment));
      if (!this.#segments.extend(segment, this.#plan.step())) break;
    }
    const fresh = bytes.subarray(Math.max(0, segment.received - from), Math.max(0, segment.end - from));
    if (fresh.length > 0) {
      segment.received += fresh.length;
      connection.freshBytes += fresh.length;
      this.#keep(segment, fresh, lease);
    }
    if (this.#isOver) return;
    const isComplete = segment.received === segment.end;
    const hasWon = connection.freshBytes >= decidedBytes;
    for (const other of segment.connections) {
      const isLate = other !== connection && (isComplete ? other.position < segment.end : hasWon);
      // Another connection reads what follows.
      const isDone = other === connection && isComplete && connection.readsOn && connection.position >= segment.end;
      if (isLate || isDone) this.#close(other);
    }
    if (isComplete) this.#fill();
  }

  /** A connection that reads on is never closed for others that have no answer yet: the server may send no ranges. */
  #takeOver(next: Segment<SegmentConnection> | undefined): void {
    if (next === undefined || [...next.connections].some(({ hasAnswer }) => hasAnswer)) return;
    for (const one of next.connections) this.#close(one);
  }

  /** Hands bytes on if it is their turn, and keeps them until then otherwise. */
  #keep(segment: Segment<SegmentConnection>, bytes: Buffer, lease: BufferLease): void {
    const { budget, deliver } = this.#options;
    if (segment === this.#segments.head && segment.early.length === 0 && !this.#paused) {
      deliver(bytes, lease);
      if (!this.#isOver && segment.received === segment.end) this.#handOn();
      return;
    }
    lease.keep();
    segment.early.push({ bytes, lease });
    budget.take(bytes.length);
    if (this.#paused || budget.isFull) this.#regulate();
  }

  /** Hands on what has its turn. */
  #handOn(): void {
    const { budget, deliver } = this.#options;
    while (!this.#paused && !this.#isOver) {
      const { head } = this.#segments;
      if (head === undefined) break;
      const next = head.early.shift();
      if (next !== undefined) {
        budget.release(next.bytes.length);
        deliver(next.bytes, next.lease);
        next.lease.release();
        continue;
      }
      if (head.received < head.end) break;
      this.#segments.dropHead();
      this.#headSince = performance.now();
    }
    if (this.#isOver) return;
    this.#regulate();
    this.#fill();
    this.#finish();
  }

  /** Everything is handed on: only the ends of the answers are missing. */
  #finish(): void {
    if (this.#isOver || this.#segments.head !== undefined || this.#segments.unassignedBytes > 0) return;
    for (const one of this.#connections) if (one.position !== this.#options.size) this.#close(one);
    if (this.#connections.size === 0) this.#end(this.#resolve);
  }

  /** An answer has ended, or broke off. */
  #over(connection: SegmentConnection, response: IncomingMessage, isComplete: boolean): void {
    if (connection.position < connection.end) {
      const cut = new SourceCut(`the connection broke after ${this.#received} bytes`);
      this.#countFruitless(connection);
      this.#lost(connection, isComplete ? this.#options.endedEarly(response) : cut);
      return;
    }
    this.#close(connection);
    this.#fill();
    this.#finish();
    this.#endIfStuck(new SourceCut('its ranges ended'));
  }

  /** A connection ended before it brought its bytes. */
  #lost(connection: SegmentConnection, error: Error): void {
    this.#close(connection);
    const isAlone = this.#connections.size === 0 && this.#segments.isMissing;
    if (isAlone || !(error instanceof SourceCut)) {
      this.#end(() => this.#reject(error));
      return;
    }
    this.#fill();
    this.#finish();
    this.#endIfStuck(error);
  }

  /** A connection that ended before it brought anything, beside others that bring something. */
  #countFruitless({ bytes, isPaused }: SegmentConnection): void {
    if (bytes > 0 || isPaused || this.#connections.size === 1) return;
    const now = performance.now();
    this.#options.limit.fruitless(now);
    this.#resumesAt = now + this.#options.timing.backoffMs;
  }

  /** No connection brings what has its turn, and none may be opened here. */
  #endIfStuck(error: SourceCut): void {
    if (this.#canDivide || this.#isOver || !this.#segments.isMissing) return;
    // Others may bring what follows: that is of no use without it.
    if (this.#connections.size === 0 || this.#isHeadAbandoned) this.#end(() => this.#reject(error));
  }

  get #isHeadAbandoned(): boolean {
    const { head } = this.#segments;
    return head?.connections.size === 0 && head.received < head.end;
  }

  get #canDivide(): boolean {
    return this.#isLarge && !this.#cannotDivide && !this.#options.limit.isRefused;
  }

  get #received(): number {
    return this.#segments.head?.received ?? this.#options.size;
  }

  /** Opens the connections that are allowed and have work. */
  #fill(): void {
    const { limit } = this.#options;
    while (this.#canDivide && !this.#isOver) {
      const now = performance.now();
      const isFirst = this.#connections.size === 0;
      if (!isFirst && now < this.#resumesAt) return;
      // What the delivery waits for does not wait for another connection.
      const urgent = this.#isHeadAbandoned ? this.#segments.head : this.#starving(now);
      if (urgent !== undefined) this.#makeRoom(urgent);
      if (!isFirst && urgent === undefined && !limit.hasRoom) return;
      const segment = urgent ?? this.#segments.abandoned ?? this.#plan.next({ isFirst });
      if (segment === undefined) return;
      this.#request(segment, now);
    }
  }

  /** Closes connections where there are too many: those of the segment itself, otherwise one that is furthest ahead. */
  #makeRoom({ connections }: Segment<SegmentConnection>): void {
    const { limit } = this.#options;
    for (const one of connections) {
      one.freshBytes = 0;
      if (!limit.hasRoomForRescue || connections.size >= mostForOneSegment) this.#close(one);
    }
    const [ahead] = this.#segments.last?.connections ?? [];
    if (!limit.hasRoomForRescue && ahead !== undefined) this.#close(ahead);
  }

  #request(segment: Segment<SegmentConnection>, now: number): void {
    const connection = new SegmentConnection(segment, { first: segment.received, end: segment.end, now });
    this.#keepLess ??= PooledBuffer.keepMore();
    this.#connections.add(connection);
    this.#options.limit.opened(now);
    this.#regulate();
    this.#open(connection).catch((error: unknown) => this.#end(() => this.#reject(error as Error)));
  }

  async #open(connection: SegmentConnection): Promise<void> {
    const { limit, timing } = this.#options;
    const { position: first, end, startedAt } = connection;
    let fault = new SourceCut('its answer to a range was not usable');
    try {
      const answer = await this.#requests.open({ first, end }, connection.signal);
      if (answer.kind === 'range') {
        if (connection.isClosed) answer.response.destroy();
        else {
          limit.answered(performance.now() - startedAt);
          this.#isDivided = true;
          this.#receive(connection, answer.response);
        }
        return;
      }
      if (connection.isClosed) return;
      if (answer.kind === 'no-ranges') limit.refuse(performance.now());
      else {
        limit.pushedBack(performance.now(), answer.retryAfterMs);
        this.#resumesAt = performance.now() + timing.backoffMs;
      }
    } catch (error) {
      if (connection.isClosed) return;
      if (!(error instanceof RegistryError)) throw error;
      // Anything but a broken connection does not get better with another range.
      if (error.code === 'unreachable') this.#countFruitless(connection);
      else this.#cannotDivide = true;
      fault = new SourceCut(error.message);
    }
    this.#lost(connection, fault);
  }

  #close(connection: SegmentConnection): void {
    if (!this.#connections.delete(connection)) return;
    connection.close();
    this.#options.limit.closed(performance.now());
  }

  /** Pauses the connections whose bytes have no room or no receiver now, and resumes the others. */
  #regulate(): void {
    const now = performance.now();
    const { head } = this.#segments;
    for (const one of this.#connections) {
      const isHeld = one.segment === head ? this.#paused : this.#options.budget.isFull;
      one.pause(this.#resting || isHeld, now);
    }
  }

  #tick(): void {
    if (this.#isOver) return;
    const { limit, timing, refusedBlobAt } = this.#options;
    const now = performance.now();
    const lastTickAt = this.#lastTickAt;
    this.#lastTickAt = now;
    const isLate = now - lastTickAt > timing.rateWindowMs;
    for (const one of this.#connections) {
      one.measure(now);
      // This process did not run (a busy or sleeping machine): no server is to blame for the silence.
      if (isLate) one.movedAt = now;
    }
    // Segments arrive in bursts, which pause a receiver that is fast enough, too.
    const isUnheld = this.#connections.size > 1 || this.#receivers.keepUp(now);
    const isFlowing = !this.#paused && !this.#resting;
    if (this.#plan.hasWork && isUnheld && isFlowing && !this.#receivers.areBusy()) limit.wants(now);
    if (refusedBlobAt() > lastTickAt) limit.crowded(now);
    limit.check(now);
    this.#fill();
    // Another read may have shown that the server sends no ranges.
    this.#endIfStuck(new SourceCut('the server sends no ranges any more'));
  }

  /** The segment that the delivery waits for, if its connections bring nothing, or far less than others do. */
  #starving(now: number): Segment<SegmentConnection> | undefined {
    const { head } = this.#segments;
    if (head === undefined || this.#paused || this.#resting) return undefined;
    const { timing, limit } = this.#options;
    const since = { headMs: now - this.#headSince, now };
    return isStarving(head, this.#connections, { timing, limit, ...since }) ? head : undefined;
  }

  #checkSilence(): void {
    const fault = this.#watch.check(performance.now(), this.#paused || this.#resting);
    if (fault !== undefined) this.#end(() => this.#reject(new SourceCut(fault)));
  }

  #end(settle: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const one of this.#connections) this.#close(one);
    for (const { bytes, lease } of this.#segments.clear()) {
      this.#options.budget.release(bytes.length);
      lease.release();
    }
    settle();
  }
}
