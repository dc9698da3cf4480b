/** Describes rows that another program marked as pushed. */
export function unverifiedRows(count: number): string {
  const rows = count === 1 ? '1 row is' : `${count} rows are`;
  return `${rows} marked as pushed by another program and never verified: the next sync run checks every target, adopts existing copies and copies missing ones`;
}
