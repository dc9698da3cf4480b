import { setTimeout as delay } from 'node:timers/promises';

import type * as z from 'zod';

import { errorMessage } from '../../domain/error-message.js';
import type { StateEvent } from '../../domain/state-change.js';
import type { ReadDatabase } from '../read-database.js';
import type { ServerLog } from '../server-work.js';
import type { ConsoleWork } from './console-work.js';
import type { Progress } from './run-schemas.js';
import { idle } from './runs-routes.js';

export type LiveMessage =
  | { readonly kind: 'states'; readonly events: readonly StateEvent[] }
  | { readonly kind: 'progress'; readonly progress: z.infer<typeof Progress> };

/** Receives messages in their order. */
export type Listener = (message: LiveMessage) => void;

export interface LiveEventsOptions {
  readonly readDatabase: ReadDatabase;
  readonly work: Pick<ConsoleWork, 'progress'>;
  readonly log: ServerLog;
  /** Aborted when the server stops: ends all streams. */
  readonly stopping: AbortSignal;
  /** Default: 500 ms. */
  readonly pollEveryMs?: number | undefined;
}

const standardPollMs = 500;
/** Heartbeats arrive every two seconds, and each look asks a worker. */
const progressEveryMs = 1_000;
const idleProgressEveryMs = 3_000;
/** After a change of a row, while users wait for the beginning of a run. */
const expectedProgressEveryMs = 500;
const expectedForMs = 10_000;
const faultPauseMs = 2_000;
const pageSize = 1_000;

/**
 * Reads state changes from the database and the progress of transfers from Temporal, once for all listeners, and only
 * while there are any.
 */
export class LiveEvents {
  readonly #options: LiveEventsOptions;
  readonly #listeners = new Set<Listener>();
  /** ID of the last event that was sent to listeners; undefined while there are none. */
  #position: Promise<number> | undefined;
  #progress: z.infer<typeof Progress> | undefined;
  /** Ends the polling when the last listener leaves. */
  #polling: AbortController | undefined;
  /** Ends the pause before the next look at the progress. */
  #pause = new AbortController();
  /** Until then a run is expected, by `performance.now()`. */
  #expectedUntil = 0;

  constructor(options: LiveEventsOptions) {
    this.#options = options;
  }

  /** Aborted when the server stops: clients connect again, and continue after the last event that they have. */
  get stopping(): AbortSignal {
    return this.#options.stopping;
  }

  /**
   * Begins to listen.
   *
   * @returns the ID of the last event before those that the listener receives
   */
  async listen(listener: Listener): Promise<{ readonly position: number; readonly stop: () => void }> {
    const position = (this.#position ??= this.#newest());
    this.#listeners.add(listener);
    const stop = (): void => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#polling?.abort();
      this.#polling = undefined;
      this.#position = undefined;
      this.#progress = undefined;
    };
    try {
      const found = await position;
      if (this.#progress !== undefined) listener({ kind: 'progress', progress: this.#progress });
      if (this.#polling === undefined && this.#listeners.has(listener)) this.#start();
      return { position: found, stop };
    } catch (error) {
      stop();
      throw error;
    }
  }

  /** Events after an ID, the oldest first, at most 1,000. */
  async after(id: number): Promise<readonly StateEvent[]> {
    return await this.#options.readDatabase(async ({ status }) => await status.events(id, pageSize));
  }

  #start(): void {
    const polling = new AbortController();
    this.#polling = polling;
    const signal = AbortSignal.any([polling.signal, this.stopping]);
    void this.#repeat(signal, async () => await this.#pollEvents());
    void this.#repeat(
      signal,
      async () => await this.#pollProgress(),
      () => this.#pause.signal,
    );
  }

  async #repeat(signal: AbortSignal, poll: () => Promise<number>, hurry?: () => AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let pauseMs = faultPauseMs;
      try {
        pauseMs = await poll();
      } catch (error) {
        // The next attempt continues at the same place.
        this.#options.log.warn({ reason: errorMessage(error) }, 'live events could not be read');
      }
      const ends = hurry === undefined ? signal : AbortSignal.any([signal, hurry()]);
      await delay(pauseMs, undefined, { signal: ends, ref: false }).catch(() => undefined);
    }
  }

  async #pollEvents(): Promise<number> {
    const { pollEveryMs = standardPollMs } = this.#options;
    const position = await this.#position;
    if (position === undefined) return pollEveryMs;
    const events = await this.after(position);
    const last = events.at(-1);
    if (last === undefined || this.#position === undefined) return pollEveryMs;
    this.#position = Promise.resolve(last.id);
    this.#tell({ kind: 'states', events });
    if (this.#progress?.phase === 'idle') this.#lookNow();
    return events.length < pageSize ? pollEveryMs : 0;
  }

  async #pollProgress(): Promise<number> {
    const progress = (await this.#options.work.progress()) ?? idle();
    const isNews = progress.phase !== 'idle' || this.#progress?.phase !== 'idle';
    if (isNews && this.#listeners.size > 0) {
      this.#progress = progress;
      this.#tell({ kind: 'progress', progress });
    }
    if (progress.phase !== 'idle') return progressEveryMs;
    return performance.now() < this.#expectedUntil ? expectedProgressEveryMs : idleProgressEveryMs;
  }

  /** A change of a row may be the beginning of a run, which users watch for. */
  #lookNow(): void {
    this.#expectedUntil = performance.now() + expectedForMs;
    this.#pause.abort();
    this.#pause = new AbortController();
  }

  #tell(message: LiveMessage): void {
    for (const listener of this.#listeners) listener(message);
  }

  async #newest(): Promise<number> {
    return await this.#options.readDatabase(async ({ status }) => await status.newestEvent());
  }
}
