/** `2026-03-01T14:03:05Z`, as times stand in reasons. @param at UTC ms */
export function printUtc(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}
