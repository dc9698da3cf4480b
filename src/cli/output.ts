/** What commands print: results on standard output, talk on standard error. */

export function printJson(value: unknown): void {
  // The escapes are JSON's own, so that the data stay the same.
  process.stdout.write(`${lines(JSON.stringify(value, null, 2))}\n`);
}

export function printLine(text = ''): void {
  process.stdout.write(`${lines(text)}\n`);
}

export function say(text: string): void {
  process.stderr.write(`${lines(text)}\n`);
}

/** Commands print lines of their own; everything else that drives a terminal can only have come from others. */
function lines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** Wider cells are cut: in the middle, since names differ at both of their ends; the last column, of reasons, later. */
const widestCell = 100;
const widestLastCell = 600;

/** Columns as wide as their widest cell; the last one is not padded. Characters that drive a terminal are made visible. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const clean = [header, ...rows].map((row) =>
    row.map((cell, column) =>
      column === row.length - 1 ? cutAtEnd(printable(cell), widestLastCell) : cutInMiddle(printable(cell), widestCell),
    ),
  );
  const widths = header.map((_, column) => clean.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0));
  for (const row of clean) {
    const cells = row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)));
    printLine(cells.join('  ').trimEnd());
  }
}

/** What is left of a name in a line of progress, however narrow the terminal is. */
const shortestName = 24;

/** What is redrawn must not wrap: a name that is too long for its line is cut in the middle, the numbers never are. */
export function progressLine(name: string, rest: string, columns = process.stderr.columns || 80): string {
  const tail = rest === '' ? '' : `  ${rest}`;
  return `  ${cutInMiddle(printable(name), Math.max(shortestName, columns - 2 - tail.length))}${tail}`;
}

function cutInMiddle(text: string, width: number): string {
  if (text.length <= width) return text;
  const half = (width - 1) / 2;
  return `${text.slice(0, Math.ceil(half))}…${text.slice(-Math.floor(half))}`;
}

function cutAtEnd(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

/** `12.3 MB`, decimal units as registries use them. */
export function megabytes(bytes: number): string {
  if (bytes === 0) return '0 B';
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}

/** Text that others wrote (registry messages, rows) must not drive the terminal: what would is shown as an escape. */
export function printable(text: string): string {
  return text.replace(driving, escaped);
}

/** Control characters, ANSI's among them, and those that turn the direction of the text around them. */
// eslint-disable-next-line no-control-regex
const driving = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
