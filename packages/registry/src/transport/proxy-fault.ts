/** A proxy that is not there, or does not let a request through. The message never holds its user and password. */
export class ProxyFault extends Error {
  /** Whether a moment may heal it. */
  readonly passes: boolean;

  constructor(proxy: URL, reason: string, { passes, cause }: { readonly passes: boolean; readonly cause?: unknown }) {
    super(`the proxy ${proxy.host} ${reason}`, cause === undefined ? {} : { cause });
    this.passes = passes;
  }
}
