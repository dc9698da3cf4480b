/** Every timeout of the engine, in milliseconds. The defaults suit slow connections between continents. */
export interface Timing {
  /** Until a connection (with its TLS) is established. */
  readonly connectMs: number;
  /** Until an answer begins, for everything but a blob's commit. */
  readonly answerMs: number;
  /** Until a commit is answered: registries on object storage copy and hash the whole blob first. */
  readonly commitMs: number;
  /** Until a server agrees to accept a body that was announced to it; many do not answer. */
  readonly continueMs: number;
  /** Without a byte from the source, while it is being read. */
  readonly idleMs: number;
  /** A part of a blob that the delivery waits for, without a byte for this long, is requested again. */
  readonly starvedMs: number;
  /** For how long the rate of a source is measured before the number of connections changes. */
  readonly rateWindowMs: number;
  /** A target that accepts no byte for this long is dropped from the shared read. */
  readonly stallMs: number;
  /** A target that alone held the others up most of two such windows, and will for long, is dropped too. */
  readonly laggingMs: number;
  /** How long targets that are ready wait for the ones that are not, before a blob is read. */
  readonly joinMs: number;
  /** A transfer without a byte for this long is reported as stalled. */
  readonly quietMs: number;
  /** First pause before a retry; doubled each time, with jitter. */
  readonly backoffMs: number;
  /** The longest pause that is waited for here; if a registry demands more, the fault becomes `wait`. */
  readonly longestPauseMs: number;
}

/** The timeouts of a client without the option `timing`, in milliseconds. They suit slow connections between continents. */
export const defaultTiming: Timing = {
  connectMs: 15_000,
  answerMs: 60_000,
  commitMs: 20 * 60_000,
  continueMs: 1_000,
  idleMs: 60_000,
  starvedMs: 2_000,
  rateWindowMs: 500,
  stallMs: 30_000,
  laggingMs: 250,
  joinMs: 5_000,
  quietMs: 10_000,
  backoffMs: 300,
  longestPauseMs: 20_000,
};
