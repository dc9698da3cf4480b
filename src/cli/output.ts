/**
 * What commands print: results on standard output, talk on standard error. Nothing else writes there, and what others wrote
 * (registry messages, rows, arguments) is made visible here, whoever prints it.
 */
import { visibleJson, visibleLines, visibleText } from '../domain/visible-text.js';

export function printJson(value: unknown): void {
  // The escapes are JSON's own, so that the data stay the same.
  process.stdout.write(`${visibleJson(JSON.stringify(value, null, 2))}\n`);
}

export function printLine(text = ''): void {
  process.stdout.write(`${visibleText(text)}\n`);
}

/** One line: what others wrote in it begins no other. */
export function say(text: string): void {
  process.stderr.write(`${visibleText(text)}\n`);
}

/** Several lines: those after the first are indented, so that none of them looks like one of the ferry's own. */
export function sayLines(text: string): void {
  process.stderr.write(`${visibleLines(text).replace(/\n(?=\S)/g, '\n  ')}\n`);
}

/** Lines on standard error that are drawn over one another. */
export interface Drawing {
  draw(lines: readonly string[]): void;
  clear(): void;
}

export async function startDrawing(): Promise<Drawing> {
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(process.stderr, { showCursor: true });
  return {
    draw: (lines) => update(lines.map(visibleText).join('\n')),
    clear: () => update.clear(),
  };
}

/** Wider cells are cut: in the middle, since names differ at both of their ends; the last column, of reasons, later. */
const widestCell = 100;
const widestLastCell = 600;

/** Columns as wide as their widest cell; the last one is not padded. Characters that drive a terminal are made visible. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const clean = [header, ...rows].map((row) =>
    row.map((cell, column) =>
      column === row.length - 1
        ? cutAtEnd(visibleText(cell), widestLastCell)
        : cutInMiddle(visibleText(cell), widestCell),
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
  return `  ${cutInMiddle(visibleText(name), Math.max(shortestName, columns - 2 - tail.length))}${tail}`;
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
