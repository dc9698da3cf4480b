/** What is said of rows that another program marked as pushed, wherever they are counted. */
export function unverifiedRows(count: number): string {
  const rows = count === 1 ? '1 row is' : `${count} rows are`;
  return `${rows} marked as pushed by another program and never verified: the next sync looks on every target, adopts what is there and copies what is missing`;
}
