import type { BufferLease } from '../../transport/buffer-pool.js';

/** Bytes that arrived before their turn, with a lease that is kept. */
export interface EarlyBuffer {
  readonly bytes: Buffer;
  readonly lease: BufferLease;
}

/** A part of a blob that one connection reads; several do if the first one starves. */
export interface Segment<Connection> {
  readonly start: number;
  /** The byte after its last one. */
  end: number;
  /** All bytes before this one have arrived. */
  received: number;
  readonly early: EarlyBuffer[];
  readonly connections: Set<Connection>;
}

/**
 * The rest of a blob, divided into segments: those that are being read, in order, without gaps, and what no connection
 * has been assigned yet. At first one segment is all of it.
 */
export class Segments<Connection> {
  readonly #size: number;
  #assigned: Segment<Connection>[];
  /** The first byte that belongs to no segment. */
  #next: number;

  constructor(offset: number, size: number) {
    this.#size = size;
    this.#next = size;
    this.#assigned = [{ start: offset, end: size, received: offset, early: [], connections: new Set() }];
  }

  /** The segment that is handed on now; undefined when all are. */
  get head(): Segment<Connection> | undefined {
    return this.#assigned[0];
  }

  get last(): Segment<Connection> | undefined {
    return this.#assigned.at(-1);
  }

  get unassignedBytes(): number {
    return this.#size - this.#next;
  }

  /** Bytes from the first that has not been handed on to the last that is assigned. */
  get spanBytes(): number {
    const { head } = this;
    return head === undefined ? 0 : this.#next - (head.received - bytesIn(head.early));
  }

  /** The first segment that no connection reads. */
  get abandoned(): Segment<Connection> | undefined {
    return this.#assigned.find((one) => one.connections.size === 0 && one.received < one.end);
  }

  /** Some bytes have not arrived, and no connection brings them. */
  get isMissing(): boolean {
    return this.unassignedBytes > 0 || this.abandoned !== undefined;
  }

  /** Assigns the next bytes, at most all that are left. */
  assign(bytes: number): Segment<Connection> {
    const start = this.#next;
    this.#next = Math.min(this.#size, start + bytes);
    const made = { start, end: this.#next, received: start, early: [], connections: new Set<Connection>() };
    this.#assigned.push(made);
    return made;
  }

  /** Ends the last segment earlier; what follows is not assigned then. */
  cutLast(end: number): void {
    const { last } = this;
    if (last === undefined) return;
    last.end = end;
    this.#next = end;
  }

  /** The segment after this one. */
  after(segment: Segment<Connection>): Segment<Connection> | undefined {
    return this.#assigned[this.#assigned.indexOf(segment) + 1];
  }

  /**
   * Lets a connection that reads on go past the end of its segment: into bytes that no connection reads yet.
   *
   * @param bytes how many to add if they are not assigned
   * @returns false if another connection reads what follows, or has read some of it
   */
  extend(segment: Segment<Connection>, bytes: number): boolean {
    const position = this.#assigned.indexOf(segment);
    const follower = this.#assigned[position + 1];
    if (follower === undefined) {
      if (this.#next === this.#size) return false;
      this.#next = Math.min(this.#size, this.#next + bytes);
      segment.end = this.#next;
      return true;
    }
    if (follower.connections.size > 0 || follower.received > follower.start) return false;
    this.#assigned.splice(position + 1, 1);
    segment.end = follower.end;
    return true;
  }

  /** The head has been handed on completely. */
  dropHead(): void {
    this.#assigned.shift();
  }

  /** Gives up everything. @returns the bytes that were waiting for their turn */
  clear(): readonly EarlyBuffer[] {
    const early = this.#assigned.flatMap((one) => one.early);
    this.#assigned = [];
    return early;
  }
}

function bytesIn(early: readonly EarlyBuffer[]): number {
  return early.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
