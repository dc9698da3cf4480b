/**
 * What commands print: results on standard output, messages on standard error. No other file writes there. Control
 * characters of foreign text (registry messages, rows, arguments) are made visible here.
 */
import { visibleJson, visibleLines, visibleText } from '../domain/visible-text.js';

export function printJson(value: unknown): void {
  // JSON's own escapes: the data stay the same.
  process.stdout.write(`${visibleJson(JSON.stringify(value, null, 2))}\n`);
}

export function printLine(text = ''): void {
  process.stdout.write(`${visibleText(text)}\n`);
}

/** Prints a file for other programs as it is, so that its line breaks and tabs stay. */
export function printText(text: string): void {
  process.stdout.write(text);
}

/** Prints one line; line breaks inside the text are escaped. */
export function printMessage(text: string): void {
  process.stderr.write(`${visibleText(text)}\n`);
}

/** Prints several lines. All but the first are indented, so that none looks like a message of its own. */
export function printMessageLines(text: string): void {
  process.stderr.write(`${visibleLines(text).replace(/\n(?=\S)/g, '\n  ')}\n`);
}

/** Lines on standard error that are redrawn in place. */
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

/** Wider cells are cut: in the middle, since names differ at both ends; the last column, with reasons, at its end. */
const maxCellWidth = 100;
const maxLastCellWidth = 600;

/**
 * Prints a table with columns as wide as their widest cell; the last one is not padded. Control characters are made
 * visible.
 */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const clean = [header, ...rows].map((row) =>
    row.map((cell, column) =>
      column === row.length - 1
        ? cutAtEnd(visibleText(cell), maxLastCellWidth)
        : cutInMiddle(visibleText(cell), maxCellWidth),
    ),
  );
  const widths = header.map((_, column) => clean.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0));
  for (const row of clean) {
    const cells = row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)));
    printLine(cells.join('  ').trimEnd());
  }
}

/** A name in a progress line keeps this many characters, however narrow the terminal is. */
const minNameWidth = 24;

/** Formats a line that must not wrap, since it is redrawn: a long name is cut in the middle, the numbers never are. */
export function progressLine(name: string, details: string, columns = process.stderr.columns || 80): string {
  const tail = details === '' ? '' : `  ${details}`;
  return `  ${cutInMiddle(visibleText(name), Math.max(minNameWidth, columns - 2 - tail.length))}${tail}`;
}

function cutInMiddle(text: string, width: number): string {
  if (text.length <= width) return text;
  const half = (width - 1) / 2;
  return `${text.slice(0, Math.ceil(half))}…${text.slice(-Math.floor(half))}`;
}

function cutAtEnd(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
