/** `up` is from the client to the server, `down` is from the server to the client. */
export type Direction = 'up' | 'down';

export type ByDirection<T> = Readonly<Record<Direction, T>>;

/** What bytes meet on a line. Everything that is left out is as good as on loopback. */
export interface LineConditions {
  /**
   * Milliseconds there and back, half of them in each direction. A new connection costs one round trip more before its
   * first byte arrives: see `startLine`.
   */
  readonly roundTripMs?: number | undefined;
  /** Bytes per second in each direction: of one connection, and of all connections together. */
  readonly bytesPerSecond?:
    { readonly connection?: number | undefined; readonly line?: number | undefined } | undefined;
  readonly reset?: ResetRule | undefined;
  readonly stall?: StallRule | undefined;
}

/** Resets both sides of a connection (RST) when a number of bytes has been forwarded. */
export type ResetRule =
  | {
      /** Of each connection, counted in `direction`. */
      readonly afterBytes: number;
      readonly direction: Direction;
      /** Resets of the whole line until the rule ends. Default: no end. */
      readonly times?: number | undefined;
    }
  | {
      readonly random: {
        /** Mean distance between two resets in bytes of the whole line; distances are distributed exponentially. */
        readonly meanBytes: number;
        /** The same seed gives the same distances. */
        readonly seed: number;
      };
      /** Both directions have their own distances. */
      readonly direction: Direction | 'both';
      readonly times?: number | undefined;
    };

/** A connection that forwards nothing more in `direction` after this number of bytes, until `resume()`. */
export interface StallRule {
  readonly afterBytes: number;
  readonly direction: Direction;
  /** Connections until the rule ends. Default: no end. */
  readonly times?: number | undefined;
}

export interface LineOptions extends LineConditions {
  /** The server. `host` is an address, 127.0.0.1 by default. */
  readonly to: { readonly host?: string | undefined; readonly port: number };
}

/** A TCP proxy that simulates a line between clients and one server. */
export interface Line {
  /** `127.0.0.1:port`, as in image references, in place of the server's own. */
  readonly host: string;
  readonly port: number;
  stats(): Promise<LineStats>;
  /** Requests and answers since the start or the last `clear()`, in the order in which they began. */
  exchanges(): Promise<readonly Exchange[]>;
  /** Forwards nothing, in one direction or both, until `resume()` or for `forMs` milliseconds. */
  stall(options?: StallOptions): Promise<void>;
  /** Ends every stall. */
  resume(): Promise<void>;
  /** Resets all connections. @returns their number */
  resetAll(): Promise<number>;
  /** Replaces the named conditions, also for open connections; one that is `undefined` ends. */
  change(conditions: LineConditions): Promise<void>;
  /** Sets all counts to 0 and forgets the exchanges. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export interface StallOptions {
  readonly direction?: Direction | undefined;
  readonly forMs?: number | undefined;
}

export interface LineStats {
  /** Bytes that the line has handed to the kernel for the receiving side. */
  readonly forwarded: ByDirection<number>;
  /** Bytes that the line has read from the sending side: at most `mostInTransit` more than were forwarded. */
  readonly read: ByDirection<number>;
  readonly connections: number;
  /** Connections that are open now. */
  readonly open: number;
  readonly resets: number;
  /** The most bytes that the line has held in one direction of one connection. */
  readonly mostInTransit: number;
  /**
   * The busiest second of the line's event loop, 0 to 1. At 1 the line itself limited the rate, and not its
   * conditions.
   */
  readonly busiest: number;
}

/** Bytes that a client sent after it had an answer or opened its connection, and the answer: one round trip. */
export interface Exchange {
  /** Counted from 1, in the order in which the connections were opened. */
  readonly connection: number;
  /** When the line accepted the connection. Times are milliseconds since 1970, the same clock in every process. */
  readonly openedAt: number;
  /** When the first byte of the request came from the client. */
  readonly sentAt: number;
  /** When the first byte of the answer went to the client; absent while there is none. */
  readonly answeredAt?: number | undefined;
  /** When the last byte so far went to the client. */
  readonly endedAt?: number | undefined;
  readonly bytes: ByDirection<number>;
  /** `HEAD /v2/…` without the query, where the connection carries plain HTTP. */
  readonly request?: string | undefined;
}
