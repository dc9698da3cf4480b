/** A program that is needed beside Node, and the methods to get it. */
export interface Program {
  readonly name: string;
  /** Shown to the user. */
  readonly title: string;
  /** Environment variable with its path. */
  readonly variable: string;
  /** Its names on PATH. */
  readonly commands: readonly string[];
  /** Default: `--version`. */
  readonly versionFlag?: string;
  /** What `versionFlag` must print. */
  readonly fits: (version: string) => boolean;
  /** The same in words: `a Temporal CLI with server 1.29 or later`. */
  readonly wanted: string;
  /** Its name in the cache folder. */
  readonly cacheName?: string;
  /** Tried in this order. */
  readonly ways: readonly Way[];
  /** What the user types to get it. */
  readonly advice: string;
}

export interface Way {
  readonly title: string;
  plan(): Promise<
    | { readonly impossible: string; readonly takes?: undefined }
    | { readonly impossible?: undefined; readonly takes: string }
  >;
  /** @param destination the program's path in the cache folder */
  get(destination: string): Promise<CommandOutput>;
}

export interface CommandOutput {
  readonly ok: boolean;
  /** Its output, or why it could not be started. */
  readonly output: string;
}
