/** A proxy that is missing, or refuses a request. The message never contains its user and password. */
export class ProxyFault extends Error {
  /** Whether the fault may be temporary. */
  readonly passes: boolean;

  constructor(proxy: URL, reason: string, { passes, cause }: { readonly passes: boolean; readonly cause?: unknown }) {
    super(`the proxy ${proxy.host} ${reason}`, cause === undefined ? {} : { cause });
    this.passes = passes;
  }
}
