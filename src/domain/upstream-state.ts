/** The release of an upstream that was handled last. */
export interface HandledRelease {
  readonly release?: string | undefined;
  /** Of the listing that the release was found in; absent when it is too old to be relied on. */
  readonly etag?: string | undefined;
}

/** What is stored of an upstream between two checks. */
export interface UpstreamState extends HandledRelease {
  /** Of the configuration that the release was handled with. */
  readonly fingerprint: string;
}
