/** UTC ms of `2026-03-01 14:03:05`, as times stand in the older scripts' columns; undefined if it is none. */
export function readUtc(column: string | null | undefined): number | undefined {
  const at = Date.parse(`${(column ?? '').replace(' ', 'T')}Z`);
  return Number.isNaN(at) ? undefined : at;
}

/** `2026-03-01T14:03:05Z`, as times stand in reasons. @param at UTC ms */
export function printUtc(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}
