import type { Socket } from 'node:net';

import { pooledBufferBytes, PooledBuffer, unpooled } from './buffer-pool.js';
import type { BufferLease } from './buffer-pool.js';
import { feedWithoutBody } from './parser-bypass.js';

/** Takes bytes of a body, in order. It must not change them, and keeps the lease if it needs them after the call. */
export type TakeBytes = (bytes: Buffer, lease: BufferLease) => void;

/** If a slab has less room than this, the next read goes to another one. */
const minRoomBytes = 64 * 1024;

/**
 * Every socket without a tap reads into this one buffer: the HTTP parser copies its input before the next read begins.
 */
const scratch = Buffer.allocUnsafeSlow(pooledBufferBytes);

/** A body in flight to its receiver. Once it is complete, its methods do nothing. */
export interface BodyFlow {
  pause(): void;
  resume(): void;
  /** Stops passing bytes on. */
  close(): void;
}

/** A body whose bytes go to their receiver as they were read. */
interface TappedBody {
  /** Bytes of it that have not been passed on yet. */
  remaining: number;
  paused: boolean;
  readonly take: TakeBytes;
}

/**
 * What one socket reads. Node's HTTP parser gets every byte and separates head and body; but it returns each piece of a
 * body as a fresh copy, in memory that no processor cache holds: a sixth of the time and a third of the memory that a
 * blob costs. A body of known length is therefore tapped: its bytes are read into reused memory and go straight to
 * their receiver, while the parser only counts them.
 */
export class BodyTap {
  socket!: Socket;
  readonly onread = {
    buffer: (): Buffer => this.#room(),
    callback: (bytes: number, buffer: Buffer): boolean => this.#read(bytes, buffer),
  };
  readonly #gatheredBytes: number;
  #tapped: TappedBody | undefined;
  #slab: PooledBuffer | undefined;
  /** Bytes in the slab that have not been passed on. */
  #start = 0;
  #end = 0;
  #flushing = false;

  /** @param gatheredBytes how many bytes are passed on together if they arrive in one turn of the event loop */
  constructor(gatheredBytes: number) {
    this.#gatheredBytes = gatheredBytes;
  }

  /** The next `length` bytes, more than 0, belong to a body. */
  tap(length: number, take: TakeBytes): BodyFlow {
    const tapped: TappedBody = { remaining: length, paused: false, take };
    this.#tapped = tapped;
    return {
      pause: () => {
        if (this.#tapped !== tapped) return;
        tapped.paused = true;
        this.socket.pause();
      },
      resume: () => {
        if (this.#tapped !== tapped) return;
        tapped.paused = false;
        this.socket.resume();
      },
      close: () => {
        if (this.#tapped === tapped) this.#tapped = undefined;
      },
    };
  }

  /** Passes on the gathered bytes. */
  flush(): void {
    const slab = this.#slab;
    if (slab === undefined || this.#start === this.#end) return;
    const gathered = slab.bytes.subarray(this.#start, this.#end);
    this.#start = this.#end;
    this.#handOn(gathered, slab);
  }

  /** The connection is over: its memory can be used by others. */
  close(): void {
    this.#leaveSlab();
  }

  /** Where the next read goes. */
  #room(): Buffer {
    if (this.#tapped === undefined) {
      this.#leaveSlab();
      return scratch;
    }
    if (this.#slab !== undefined && pooledBufferBytes - this.#end < minRoomBytes) this.#leaveSlab();
    this.#slab ??= PooledBuffer.take();
    return this.#slab.bytes.subarray(this.#end);
  }

  #leaveSlab(): void {
    this.flush();
    this.#slab?.release();
    this.#slab = undefined;
    this.#start = 0;
    this.#end = 0;
  }

  /** @returns whether to continue reading */
  #read(bytes: number, buffer: Buffer): boolean {
    const tapped = this.#tapped;
    if (tapped === undefined) {
      this.#handOn(buffer.subarray(0, bytes), unpooled);
    } else {
      // A read that began before the tap was set is in the shared buffer.
      if (buffer.buffer !== this.#slab?.bytes.buffer) this.#copy(buffer.subarray(0, bytes));
      this.#end += bytes;
      const gathered = this.#end - this.#start;
      if (gathered >= this.#gatheredBytes || gathered >= tapped.remaining) this.flush();
      else this.#flushSoon();
    }
    return this.#tapped?.paused !== true;
  }

  /** Puts bytes where the next read would put them. */
  #copy(bytes: Buffer): void {
    if (this.#slab !== undefined && pooledBufferBytes - this.#end < bytes.length) this.#leaveSlab();
    this.#slab ??= PooledBuffer.take();
    bytes.copy(this.#slab.bytes, this.#end);
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.flush();
    });
  }

  /** Sockets with `onread` have no 'data' events of their own, which HTTP listens to. */
  #handOn(bytes: Buffer, lease: BufferLease): void {
    const tapped = this.#tapped;
    if (tapped === undefined) {
      this.socket.emit('data', bytes);
      return;
    }
    const body = bytes.length > tapped.remaining ? bytes.subarray(0, tapped.remaining) : bytes;
    tapped.remaining -= body.length;
    if (tapped.remaining === 0) this.#tapped = undefined;
    feedWithoutBody(this.socket, bytes);
    tapped.take(body, lease);
    // Other requests use the connection now: it must not stay paused because of this body.
    if (tapped.remaining === 0 && tapped.paused) this.socket.resume();
  }
}
