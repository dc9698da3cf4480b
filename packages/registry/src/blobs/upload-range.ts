/** What is known about an upload before its registry is asked, in bytes from the start of the blob. */
export interface KnownProgress {
  /** Every request up to here was answered with success. */
  readonly finished: number;
  /** Everything up to here may have arrived. */
  readonly sent: number;
}

/**
 * The bytes that a registry has of an upload, by the `Range` of its answer (distribution-spec, "Resuming an upload": the
 * offset of the last byte). What it says is used only if it fits what is known. Some registries give the range of the
 * last chunk (regclient/regclient#627, #961), of the first one for ever (aws/containers-roadmap#2831), or `0-0` while
 * they have nothing (distribution/distribution#2363): the finished requests count then.
 *
 * @returns undefined if the upload has bytes that were not sent to it
 */
export function arrivedBytes(range: string | undefined, { finished, sent }: KnownProgress): number | undefined {
  const end = endOf(range);
  if (end === undefined || end < finished) return finished;
  return end > sent ? undefined : end;
}

/** The byte after the last one of a range; undefined if there is none, 0 for an empty one. */
export function endOf(range: string | undefined): number | undefined {
  const last = /^\s*(?:bytes[ =])?(\d+)-(\d+)\s*$/.exec(range ?? '')?.[2];
  if (last === undefined) return undefined;
  return last === '0' ? 0 : Number(last) + 1;
}
