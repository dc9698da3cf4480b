import type { IncomingMessage } from 'node:http';

import { flowBody } from '../../transport/body-flow.js';
import type { BodyFlow, TakeBytes } from '../../transport/body-tap.js';
import type { Segment } from './segments.js';

/** One request for the bytes of a segment, and its answer. */
export class SegmentConnection {
  readonly segment: Segment<SegmentConnection>;
  /** The next byte of the blob that it brings. */
  position: number;
  /** The byte after the last one that its answer has. */
  readonly end: number;
  readonly startedAt: number;
  /** When it brought a byte, or was resumed. */
  movedAt: number;
  /** Bytes that it brought. */
  bytes = 0;
  /** Bytes that it brought before any other connection; counted again when another one joins it. */
  freshBytes = 0;
  /** Measured over the last ticks; undefined before the first. */
  bytesPerSecond: number | undefined;
  readonly #abort = new AbortController();
  #response: IncomingMessage | undefined;
  #body: BodyFlow | undefined;
  #isPaused = false;
  #isClosed = false;
  #measuredBytes = 0;
  #measuredAt: number;

  constructor(
    segment: Segment<SegmentConnection>,
    { first, end, now }: { readonly first: number; readonly end: number; readonly now: number },
  ) {
    this.segment = segment;
    this.position = first;
    this.end = end;
    this.startedAt = now;
    this.movedAt = now;
    this.#measuredAt = now;
    segment.connections.add(this);
  }

  /** Aborted when the connection is closed before its answer begins. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get hasAnswer(): boolean {
    return this.#response !== undefined;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Its answer goes on past the segment. */
  get readsOn(): boolean {
    return this.end > this.segment.end;
  }

  /** @param on.over called once, unless `close` is called first; complete: the answer has ended as it should */
  receive(
    response: IncomingMessage,
    on: { readonly take: TakeBytes; readonly over: (isComplete: boolean) => void },
  ): void {
    this.#response = response;
    let isOver = false;
    const over = (isComplete: boolean): void => {
      if (isOver || this.isClosed) return;
      isOver = true;
      this.#body?.close();
      on.over(isComplete);
    };
    response.once('end', () => over(true));
    response.once('close', () => over(false));
    const body = flowBody(response, on.take);
    this.#body = body;
    if (this.isClosed) body.close();
    else if (this.#isPaused) body.pause();
  }

  /** Destroys the connection, if its answer has not ended. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.segment.connections.delete(this);
    this.#body?.close();
    // After its end this does nothing, and the connection is used again; an aborted request would destroy it.
    if (this.#response === undefined) this.#abort.abort();
    else this.#response.destroy();
  }

  pause(isPaused: boolean, now: number): void {
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) this.#body?.pause();
    else {
      this.movedAt = now;
      this.#body?.resume();
    }
  }

  /** Updates the rate. To be called at regular intervals; times in which it was paused do not count. */
  measure(now: number): void {
    const elapsed = now - this.#measuredAt;
    if (!this.#isPaused && elapsed > 0 && this.#response !== undefined) {
      const rate = ((this.bytes - this.#measuredBytes) / elapsed) * 1000;
      this.bytesPerSecond = this.bytesPerSecond === undefined ? rate : 0.7 * this.bytesPerSecond + 0.3 * rate;
    }
    this.#measuredBytes = this.bytes;
    this.#measuredAt = now;
  }
}
