import { isServerFor } from '../transport/quirks.js';
import type { UploadHabits, UploadHabitStore } from '../upload-records.js';

/** A line that has not broken for this long is tried with whole blobs again. */
const lineMemoryMs = 10 * 60_000;
/** A registry, or a proxy before it, that has refused chunks may have been replaced: they are tried again after this time. */
const refusalMemoryMs = 24 * 60 * 60_000;
/** A line that has carried this much over one connection is trusted with whole blobs of any size. */
export const provingBytes = 32 * 1024 * 1024;

/** How one registry takes uploads: what earlier processes learned, and what its answers show now. */
export class LearnedUploadHabits {
  readonly #host: string;
  readonly #store: UploadHabitStore | undefined;
  readonly #now: () => number;
  readonly #isKnownToRefuse: boolean;
  #habits: UploadHabits;
  #loaded: Promise<void> | undefined;
  /** When the line broke, or when that was loaded; milliseconds. */
  #brokeAt = -Infinity;
  /** The same for a refusal of chunks. */
  #refusedAt = -Infinity;
  /** Its answers come from a server that takes a request whole before it hands it on. */
  #mayBuffer = false;
  /** A blob that was sent in several requests arrived wrong. */
  #spoilsParts = false;

  /** @param known what is known of this host before any answer */
  constructor(
    host: string,
    {
      known,
      store,
      now = () => performance.now(),
    }: {
      readonly known: UploadHabits;
      readonly store: UploadHabitStore | undefined;
      readonly now?: () => number;
    },
  ) {
    this.#host = host;
    this.#habits = known;
    this.#isKnownToRefuse = known.takesChunks === false;
    this.#store = store;
    this.#now = now;
  }

  /** Loads once what earlier processes learned. Never rejects. */
  async load(): Promise<void> {
    if (this.#store === undefined) return;
    this.#loaded ??= this.#store.load(this.#host).then((stored) => {
      if (stored === undefined) return;
      this.#habits = { ...stored, ...definedOf(this.#habits) };
      this.#brokeAt = this.#now();
      this.#refusedAt = this.#now();
    });
    await this.#loaded;
  }

  get takesChunks(): boolean | undefined {
    const { takesChunks } = this.#habits;
    const isOld = !this.#isKnownToRefuse && this.#now() - this.#refusedAt >= refusalMemoryMs;
    return takesChunks === false && isOld ? undefined : takesChunks;
  }

  get afterBreak(): UploadHabits['afterBreak'] {
    return this.#habits.afterBreak;
  }

  get leastChunkBytes(): number {
    return this.#habits.leastChunkBytes ?? 0;
  }

  get mostBodyBytes(): number {
    return this.#habits.mostBodyBytes ?? Infinity;
  }

  /** Bytes that got through before the line broke, if it has broken lately. */
  get bytesBetweenBreaks(): number | undefined {
    return this.#now() - this.#brokeAt < lineMemoryMs ? this.#habits.bytesBetweenBreaks : undefined;
  }

  /**
   * A broken request may be lost whole, and nothing has shown yet that the line does not break: a large blob is better
   * sent in parts.
   */
  get isDoubtful(): boolean {
    const { afterBreak, lineHolds } = this.#habits;
    if (lineHolds === true || this.#spoilsParts) return false;
    return afterBreak === 'keeps-chunks' || (afterBreak === undefined && this.#mayBuffer);
  }

  /** @param server the `Server` field of an answer to an upload */
  answeredBy(server: string | undefined): void {
    this.#mayBuffer ||= isServerFor('buffers-requests', server);
  }

  /** @param bytes that one connection has carried by now */
  carried(bytes: number): void {
    if (bytes >= provingBytes) this.learn({ lineHolds: true });
  }

  /** @param bytes that got through on the connection that broke now */
  lineBroke(bytes: number): void {
    this.#brokeAt = this.#now();
    this.learn({ bytesBetweenBreaks: bytes, lineHolds: false });
  }

  /** What was sent in several requests arrived wrong: from now on a blob is sent in parts only where it must be. */
  spoiledParts(): void {
    this.#spoilsParts = true;
  }

  learn(habits: UploadHabits): void {
    if (habits.takesChunks === false) this.#refusedAt = this.#now();
    const changed = Object.entries(habits).some(([name, value]) => this.#habits[name as keyof UploadHabits] !== value);
    if (!changed) return;
    this.#habits = { ...this.#habits, ...habits };
    void this.#store?.save(this.#host, this.#habits);
  }
}

function definedOf(habits: UploadHabits): UploadHabits {
  return Object.fromEntries(Object.entries(habits).filter(([, value]) => value !== undefined));
}
