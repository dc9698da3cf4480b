import type { Entry, Goal, Outcome } from './scenario.js';
import { medianOf, megabyte, peakOf } from './statistics.js';

const columns = ['', 'seconds', 'CPU seconds', 'peak memory', 'source read', 'requests per image', 'runs'] as const;

/** A scenario as Markdown: what was done, a line for each contestant, the goals. */
export function reportOf({ title, setting, entries, goals }: Outcome): string {
  const rows = entries.map(cellsOf);
  const used = columns.map((_, column) => column === 0 || rows.some((row) => row[column] !== ''));
  const table = [columns, columns.map((_, column) => (column === 0 ? '---' : '--:')), ...rows];
  const lines = table.map((row) => `| ${row.filter((_, column) => used[column]).join(' | ')} |`);
  return [`## ${title}`, '', setting, '', ...lines, '', ...goals.map(goalLine), ''].join('\n');
}

export function goalLine({ text, found, met }: Goal): string {
  return `- ${verdictOf(met)}: ${text} (${found})`;
}

function verdictOf(met: boolean | undefined): string {
  if (met === undefined) return '**not judged**';
  return met ? '**met**' : '**missed**';
}

function cellsOf(entry: Entry): readonly string[] {
  const show = (value: number | undefined, text: (value: number) => string): string =>
    value === undefined ? '' : text(value);
  return [
    entry.name,
    show(medianOf(entry, 'wallMs'), (ms) => (ms / 1000).toFixed(2)),
    show(medianOf(entry, 'cpuMs'), (ms) => (ms / 1000).toFixed(2)),
    show(peakOf(entry), (bytes) => `${(bytes / megabyte).toFixed(0)} MB`),
    show(medianOf(entry, 'sourceBytes'), (bytes) => `${(bytes / megabyte).toFixed(0)} MB`),
    show(medianOf(entry, 'requestsPerImage'), (count) => count.toFixed(2)),
    String(entry.runs.length),
  ];
}
