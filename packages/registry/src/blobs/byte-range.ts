import type { AnswerHead } from '../transport/exchange.js';

/**
 * Requests the bytes of a blob from `first` to the one before `end`. The end is explicit: some servers refuse an open
 * range, and a range that begins at the size hangs distribution 2.8.
 */
export function rangeFrom(first: number, end: number): { readonly range: string } {
  return { range: `bytes=${first}-${end - 1}` };
}

/** Whether a 206 begins at the requested byte; every other answer begins at the start (RFC 9110, 14.4 and 15.3.7). */
export function beginsAt({ statusCode, headers }: AnswerHead, offset: number): boolean {
  if (statusCode !== 206) return true;
  return Number(/^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1]) === offset;
}

/** The size of the whole blob according to this answer, in bytes; undefined if it has none. */
export function announcedSize({ statusCode, headers }: AnswerHead): number | undefined {
  const said = statusCode === 206 ? /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1] : headers['content-length'];
  return said === undefined ? undefined : Number(said);
}

/** The byte after the last one of a 206, according to its Content-Range; NaN if it has none. */
export function endOfRange({ headers }: AnswerHead): number {
  return Number(/^bytes \d+-(\d+)\//.exec(headers['content-range'] ?? '')?.[1] ?? Number.NaN) + 1;
}
