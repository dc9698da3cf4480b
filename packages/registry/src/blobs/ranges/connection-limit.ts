/** More connections must bring this part of what they would bring if each added its full rate. */
const leastGain = 0.2;
/** Room for measurement errors when the number falls back to what the line carries. */
const slack = 1.1;
/** A line this fast is limited by this machine, or by the line itself. */
const fastBytesPerSecond = 100 * 1024 * 1024;
/** Pause after connections that brought nothing, doubled each time. */
const retryMs = { first: 5_000, most: 120_000 } as const;
/** A connection may break before it brings anything; when another one does in this time, the server does not want it. */
const fruitlessMs = 10_000;
/** For how long a server gets no more connections than it has accepted. */
const pushedBackMs = 5 * 60_000;
/** A server that sent no range may be one of several, or may be replaced: it is tried again after this time. */
const refusedMs = 60 * 60_000;

/** An earlier measurement, with fewer connections. */
interface ConnectionTrial {
  readonly connections: number;
  readonly bytesPerSecond: number;
}

/**
 * How many connections one source gets for blobs, over all reads of a process. The number doubles while the rate of all
 * of them together grows, falls back when it does not, and stays below what the server has refused. Times are
 * milliseconds of one monotonic clock.
 */
export class ConnectionLimit {
  readonly most: number;
  readonly #windowMs: number;
  #allowed = 1;
  #ceiling: number;
  #ceilingUntil = 0;
  #isRefused = false;
  #refusedUntil = 0;
  #fruitlessAt = -Infinity;
  #open = 0;
  #trial: ConnectionTrial | undefined;
  #growAt = 0;
  #retryMs: number = retryMs.first;
  #firstByteMs: number | undefined;
  #connectionBytesPerSecond: number | undefined;
  /** The window of the measurement. It may begin later than now: connections need time to reach their rate. */
  #since: number;
  #countedAt: number;
  #wantedAt = 0;
  #bytes = 0;
  #connectionMs = 0;
  #wantedMs = 0;

  /** @param most connections at the same time, at least 1 */
  constructor(most: number, { windowMs, now }: { readonly windowMs: number; readonly now: number }) {
    this.most = most;
    this.#ceiling = most;
    this.#windowMs = windowMs;
    this.#since = now;
    this.#countedAt = now;
  }

  /** Connections that large blobs may have now, with those of all other blobs. */
  get allowed(): number {
    return this.#isRefused ? 1 : this.#allowed;
  }

  /** The server does not send ranges: a blob is read over one connection. */
  get isRefused(): boolean {
    return this.#isRefused || this.most === 1;
  }

  get hasRoom(): boolean {
    return !this.isRefused && this.#open < this.allowed;
  }

  /** Whether one more connection may replace one that brings nothing, whatever the rate says. */
  get hasRoomForRescue(): boolean {
    return !this.isRefused && this.#open < Math.min(this.most, this.#ceiling);
  }

  /** From a request to the first byte of its answer, in milliseconds; undefined before the first answer. */
  get firstByteMs(): number | undefined {
    return this.#firstByteMs;
  }

  /** What one connection brings, as measured last. */
  get connectionBytesPerSecond(): number | undefined {
    return this.#connectionBytesPerSecond;
  }

  opened(now: number): void {
    if (now >= this.#refusedUntil) this.#isRefused = false;
    if (this.#open === 0) this.#restart(now + this.#settleMs());
    this.#count(now);
    this.#open += 1;
  }

  closed(now: number): void {
    this.#count(now);
    this.#open -= 1;
  }

  answered(milliseconds: number): void {
    this.#firstByteMs = Math.min(this.#firstByteMs ?? milliseconds, milliseconds);
  }

  took(bytes: number, now: number): void {
    if (now >= this.#since) this.#bytes += bytes;
  }

  /** A read could use one more connection, and its receivers take what it reads. To be called several times a window. */
  wants(now: number): void {
    const sinceMs = now - Math.max(this.#wantedAt, this.#since);
    if (sinceMs > 0) this.#wantedMs += Math.min(sinceMs, this.#windowMs / 2);
    this.#wantedAt = now;
  }

  /** Ends a window if it is over, and decides. To be called several times a window. */
  check(now: number): void {
    this.#count(now);
    const elapsed = now - this.#since;
    if (elapsed < this.#windowMs) return;
    const bytesPerSecond = (this.#bytes / elapsed) * 1000;
    const connections = this.#connectionMs / elapsed;
    const isComparable = this.#bytes > 0 && this.#wantedMs >= elapsed / 2;
    this.#restart(now);
    if (now >= this.#ceilingUntil) this.#ceiling = this.most;
    const trial = this.#trial;
    this.#trial = undefined;
    if (connections > 0) this.#connectionBytesPerSecond = bytesPerSecond / connections;
    if (!isComparable) {
      // The receivers set the rate, or the whole line stands still: that says nothing about the connections.
      if (trial !== undefined) this.#giveUp(trial.connections, now);
      return;
    }
    // Less work than connections.
    if (connections < 0.75 * this.#allowed) return;
    if (trial !== undefined && !this.#hasGained(trial, bytesPerSecond, now)) return;
    this.#grow({ connections, bytesPerSecond }, now);
  }

  /** A connection more than the server takes: it refused one (429, 503). */
  pushedBack(now: number, retryAfterMs = 0): void {
    this.#restrain(this.#open - 1, now, retryAfterMs);
  }

  /** A connection ended before it brought anything. */
  fruitless(now: number): void {
    if (now - this.#fruitlessAt < fruitlessMs) this.pushedBack(now);
    this.#fruitlessAt = now;
  }

  /** The server had no room for the first connection of another blob. */
  crowded(now: number): void {
    this.#restrain(Math.floor(this.#open / 2), now);
  }

  /** The server ignores ranges, or sends something else in their place. */
  refuse(now: number): void {
    this.#isRefused = true;
    this.#refusedUntil = now + refusedMs;
  }

  #restrain(most: number, now: number, retryAfterMs = 0): void {
    this.#ceiling = Math.max(1, Math.min(this.#ceiling, most));
    this.#ceilingUntil = now + Math.max(pushedBackMs, retryAfterMs);
    this.#allowed = Math.min(this.#allowed, this.#ceiling);
    this.#trial = undefined;
    this.#restart(now);
  }

  #hasGained(trial: ConnectionTrial, bytesPerSecond: number, now: number): boolean {
    const gain = bytesPerSecond / trial.bytesPerSecond;
    const most = this.#allowed / trial.connections;
    if (gain >= 1 + leastGain * (most - 1)) {
      this.#retryMs = retryMs.first;
      return true;
    }
    const needed = Math.ceil(trial.connections * Math.max(1, gain * slack));
    this.#giveUp(gain <= 1 ? trial.connections : needed, now);
    return false;
  }

  #giveUp(connections: number, now: number): void {
    this.#allowed = Math.max(1, Math.min(this.#allowed, Math.round(connections)));
    this.#growAt = now + this.#retryMs;
    this.#retryMs = Math.min(2 * this.#retryMs, retryMs.most);
  }

  #grow(trial: ConnectionTrial, now: number): void {
    const next = Math.min(this.#ceiling, Math.ceil(2 * trial.connections));
    if (now < this.#growAt || trial.bytesPerSecond >= fastBytesPerSecond || next <= this.#allowed) return;
    this.#trial = trial;
    this.#allowed = next;
    this.#restart(now + this.#settleMs());
  }

  #settleMs(): number {
    return Math.min(3 * this.#windowMs, Math.max(this.#windowMs / 2, 4 * (this.#firstByteMs ?? 0)));
  }

  #restart(at: number): void {
    this.#since = at;
    this.#countedAt = at;
    this.#bytes = 0;
    this.#connectionMs = 0;
    this.#wantedMs = 0;
  }

  #count(now: number): void {
    if (now <= this.#countedAt) return;
    this.#connectionMs += this.#open * (now - this.#countedAt);
    this.#countedAt = now;
  }
}
