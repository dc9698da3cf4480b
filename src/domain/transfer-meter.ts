/** Measures a running copy from its progress events: bytes, rate and time left for each target, and what stands still. */
import { printBytes } from './byte-count.js';

/** What an upload continued after (`CopyProgress` of the registry package). */
export type ContinuedAfter = 'break' | 'slow-target' | 'earlier-process';

/** Where an upload continued, in bytes of its blob. */
export interface ContinuedTransfer {
  readonly offset: number;
  readonly size: number;
  /** Default: `break`. */
  readonly after?: ContinuedAfter | undefined;
}

/** The parts of the engine's progress events that matter here. `bytes` and `size` in bytes. */
export type TransferEvent =
  | {
      readonly type: 'planned';
      readonly bytes: number;
      readonly targets: readonly { readonly target: string; readonly bytes: number }[];
    }
  | { readonly type: 'read'; readonly bytes: number }
  | {
      readonly type: 'sent';
      readonly target: string;
      readonly digest: string;
      readonly bytes: number;
      readonly size?: number | undefined;
    }
  | {
      readonly type: 'continued';
      readonly target: string;
      readonly digest: string;
      readonly offset: number;
      readonly size: number;
      readonly after: ContinuedAfter;
    }
  | {
      readonly type: 'stalled';
      readonly target?: string | undefined;
      readonly host: string;
      readonly forMs: number;
      readonly awaits: string;
    }
  | { readonly type: 'blob'; readonly target: string; readonly digest: string; readonly size: number }
  | { readonly type: 'manifest' }
  | { readonly type: 'target-done'; readonly target: string }
  | { readonly type: 'target-failed'; readonly target: string };

export interface StalledTransfer {
  readonly host: string;
  /** Milliseconds without a byte. */
  readonly forMs: number;
  /** What is awaited: `source-bytes`, `target-accepts`, `commit`, `connection` or `retry`. */
  readonly awaits: string;
}

/** A blob on its way to a target. */
export interface LayerTransfer {
  readonly digest: string;
  readonly bytesDone: number;
  /** Absent: not known yet. */
  readonly bytesTotal?: number | undefined;
}

export interface TargetTransfer {
  readonly target: string;
  readonly state: 'moving' | 'done' | 'failed';
  /** Bytes that the target has of those that it lacked. */
  readonly bytesDone: number;
  /** Bytes that it lacked; 0 if it had every blob. */
  readonly bytesTotal: number;
  readonly stalled?: StalledTransfer | undefined;
  /** Where an upload continued last. */
  readonly continued?: ContinuedTransfer | undefined;
  /** Blobs in flight, the first ones of many; absent: none. */
  readonly layers?: readonly LayerTransfer[] | undefined;
}

/** A running copy. Rates in bytes per second. */
export interface TransferState {
  readonly bytesRead: number;
  readonly bytesTotal: number;
  readonly readRate: number;
  /** Absent while nothing moves. */
  readonly secondsLeft?: number | undefined;
  readonly targets: readonly TargetTransfer[];
  /** The source sends nothing. */
  readonly stalled?: StalledTransfer | undefined;
}

/** Rates are of this last time. */
const windowMs = 5_000;
/** The engine repeats the news of a stall every two seconds: without it the transfer moves again. */
const stallLastsMs = 4_500;

interface Line {
  total: number;
  /** Sum of the complete blobs. */
  complete: number;
  /** Bytes of each blob in flight. */
  readonly inFlight: Map<string, number>;
  /** Sizes of those that are known. */
  readonly sizes: Map<string, number>;
  state: TargetTransfer['state'];
  stalled?: { readonly at: number; readonly fault: StalledTransfer } | undefined;
  continued?: TargetTransfer['continued'];
}

export class TransferMeter {
  readonly #lines = new Map<string, Line>();
  readonly #samples: { readonly at: number; readonly read: number; readonly done: number }[] = [];
  #read = 0;
  #total = 0;
  #stalled: Line['stalled'];

  /** @param now milliseconds of a monotonic clock */
  add(event: TransferEvent, now: number): void {
    switch (event.type) {
      case 'planned':
        this.#total = event.bytes;
        for (const { target, bytes } of event.targets) this.#line(target).total = bytes;
        break;
      case 'read':
        this.#read += event.bytes;
        this.#stalled = undefined;
        break;
      case 'sent': {
        const line = this.#line(event.target);
        line.inFlight.set(event.digest, (line.inFlight.get(event.digest) ?? 0) + event.bytes);
        if (event.size !== undefined) line.sizes.set(event.digest, event.size);
        line.stalled = undefined;
        break;
      }
      case 'continued': {
        const line = this.#line(event.target);
        line.inFlight.set(event.digest, event.offset);
        line.sizes.set(event.digest, event.size);
        line.continued = { offset: event.offset, size: event.size, after: event.after };
        line.stalled = undefined;
        break;
      }
      case 'stalled': {
        const { host, forMs, awaits } = event;
        const stalled = { at: now, fault: { host, forMs, awaits } };
        if (event.target === undefined) this.#stalled = stalled;
        else this.#line(event.target).stalled = stalled;
        break;
      }
      case 'blob': {
        const line = this.#line(event.target);
        // A blob that was there before the plan is no part of what the target lacked.
        if (line.total > 0) line.complete = Math.min(line.total, line.complete + event.size);
        line.inFlight.delete(event.digest);
        line.sizes.delete(event.digest);
        line.stalled = undefined;
        break;
      }
      case 'target-done':
        this.#end(event.target, 'done');
        break;
      case 'target-failed':
        this.#end(event.target, 'failed');
        break;
      default:
    }
  }

  state(now: number): TransferState {
    const targets = [...this.#lines].map(([target, line]): TargetTransfer => {
      const { total, state, continued } = line;
      return {
        target,
        state,
        bytesDone: doneOf(line),
        bytesTotal: total,
        stalled: state === 'moving' ? ifLasting(line.stalled, now) : undefined,
        continued,
        layers: layersOf(line),
      };
    });
    const done = targets.reduce((sum, { bytesDone }) => sum + bytesDone, 0);
    const left = targets.reduce(
      (sum, { state, bytesTotal, bytesDone }) => sum + (state === 'moving' ? bytesTotal - bytesDone : 0),
      0,
    );
    const { readRate, doneRate } = this.#rates(done, now);
    return {
      bytesRead: this.#read,
      bytesTotal: this.#total,
      readRate,
      secondsLeft: doneRate > 0 && left > 0 ? Math.ceil(left / doneRate) : undefined,
      targets,
      stalled: ifLasting(this.#stalled, now),
    };
  }

  #rates(done: number, now: number): { readonly readRate: number; readonly doneRate: number } {
    this.#samples.push({ at: now, read: this.#read, done });
    while (this.#samples.length > 2 && now - (this.#samples[1]?.at ?? now) >= windowMs) this.#samples.shift();
    const first = this.#samples[0];
    const seconds = first === undefined ? 0 : (now - first.at) / 1_000;
    if (first === undefined || seconds === 0) return { readRate: 0, doneRate: 0 };
    return {
      readRate: Math.round((this.#read - first.read) / seconds),
      doneRate: Math.max(0, done - first.done) / seconds,
    };
  }

  #line(target: string): Line {
    const known = this.#lines.get(target);
    if (known !== undefined) return known;
    const line: Line = { total: 0, complete: 0, inFlight: new Map(), sizes: new Map(), state: 'moving' };
    this.#lines.set(target, line);
    return line;
  }

  #end(target: string, state: 'done' | 'failed'): void {
    const line = this.#line(target);
    line.state = state;
    line.inFlight.clear();
    line.sizes.clear();
    if (state === 'done') line.complete = line.total;
  }
}

function doneOf({ complete, inFlight, total }: Line): number {
  let done = complete;
  for (const bytes of inFlight.values()) done += bytes;
  // A blob that was sent twice counts once.
  return Math.min(done, total);
}

/** A heartbeat holds them for each target of each image: it stays short. */
const mostLayers = 8;

function layersOf({ inFlight, sizes }: Line): readonly LayerTransfer[] | undefined {
  if (inFlight.size === 0) return undefined;
  return [...inFlight].slice(0, mostLayers).map(([digest, bytes]) => {
    const size = sizes.get(digest);
    // A second attempt sends the same bytes again.
    return { digest, bytesDone: Math.min(bytes, size ?? bytes), bytesTotal: size };
  });
}

function ifLasting(stalled: Line['stalled'], now: number): StalledTransfer | undefined {
  return stalled === undefined || now - stalled.at > stallLastsMs ? undefined : stalled.fault;
}

const awaited: Readonly<Record<string, (host: string) => string>> = {
  'source-bytes': (host) => `${host} sends nothing`,
  'target-accepts': (host) => `${host} accepts nothing`,
  commit: (host) => `${host} has not confirmed the blob yet`,
  connection: (host) => `waiting for a connection to ${host}`,
  retry: (host) => `waiting before the next attempt at ${host}`,
};

/** `stalled for 12 s: registry.example.com accepts nothing` */
export function describeStall({ host, forMs, awaits }: StalledTransfer): string {
  return `stalled for ${Math.round(forMs / 1_000)} s: ${awaited[awaits]?.(host) ?? `waiting for ${host}`}`;
}

/** `continued at 1.90 GB of 2.00 GB after a broken connection` */
export function describeContinued({ offset, size, after = 'break' }: ContinuedTransfer): string {
  const what = {
    break: 'after a broken connection',
    'slow-target': 'on its own: it was much slower than the other targets',
    'earlier-process': 'where an earlier process had left it',
  };
  return `continued at ${printBytes(offset)} of ${printBytes(size)} ${what[after]}`;
}

/** `12.3 MB of 45.6 MB read, 4.1 MB/s, 8 s left` */
export function describeRead({ bytesRead, bytesTotal, readRate, secondsLeft }: TransferState): string {
  const parts = [`${printBytes(bytesRead)} of ${printBytes(bytesTotal)} read`];
  if (readRate > 0) parts.push(`${printBytes(readRate)}/s`);
  if (secondsLeft !== undefined) parts.push(`${printSeconds(secondsLeft)} left`);
  return parts.join(', ');
}

function printSeconds(seconds: number): string {
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
