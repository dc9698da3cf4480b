/** What commands print: results on standard output, talk on standard error. */

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function printLine(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Columns as wide as their widest cell; the last one is not padded. Control characters are made visible. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const clean = [header, ...rows].map((row) => row.map(printable));
  const widths = header.map((_, column) => Math.max(...clean.map((row) => row[column]?.length ?? 0)));
  for (const row of clean) {
    const cells = row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)));
    printLine(cells.join('  ').trimEnd());
  }
}

/** `12.3 MB`, decimal units as registries use them. */
export function megabytes(bytes: number): string {
  if (bytes === 0) return '0 B';
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}

/** Text that others wrote (registry messages, rows) must not drive the terminal. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}
