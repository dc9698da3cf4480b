import type { Entry, Goal, Outcome, Table } from './scenario.js';
import { hasArrived, medianOf, megabyte, peakOf } from './statistics.js';

const columns = [
  '',
  'seconds',
  'CPU seconds',
  'peak memory',
  'source read',
  'sent to a target',
  'round trips',
  'requests per image',
  'runs',
] as const;

/** A scenario as Markdown: what was done, a line for each contestant, the goals. */
export function reportOf({ title, setting, entries, table, goals, notes = [] }: Outcome): string {
  const lines = linesOf(table ?? { columns, rows: entries.map(cellsOf) });
  return [
    `## ${title}`,
    '',
    setting,
    '',
    ...lines,
    '',
    ...goals.map(goalLine),
    ...notes.map((note) => `\n${note}`),
    '',
  ].join('\n');
}

/** Columns without values are left out. */
function linesOf({ columns: heads, rows }: Table): readonly string[] {
  const used = heads.map((_, column) => column === 0 || rows.some((row) => row[column] !== ''));
  const table = [heads, heads.map((_, column) => (column === 0 ? '---' : '--:')), ...rows];
  return table.map((row) => `| ${row.filter((_, column) => used[column]).join(' | ')} |`);
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
    show(medianOf(entry, 'wallMs'), (ms) => `${hasArrived(entry) ? '' : 'fails after '}${(ms / 1000).toFixed(2)}`),
    show(medianOf(entry, 'cpuMs'), (ms) => (ms / 1000).toFixed(2)),
    show(peakOf(entry), (bytes) => `${(bytes / megabyte).toFixed(0)} MB`),
    show(medianOf(entry, 'sourceBytes'), (bytes) => `${(bytes / megabyte).toFixed(0)} MB`),
    show(medianOf(entry, 'targetBytes'), (bytes) => `${(bytes / megabyte).toFixed(0)} MB`),
    show(medianOf(entry, 'roundTrips'), String),
    show(medianOf(entry, 'requestsPerImage'), (count) => count.toFixed(2)),
    runsOf(entry),
  ];
}

/** `3`, or `1 of 3` where the others failed. */
function runsOf({ runs }: Entry): string {
  const arrived = runs.filter(({ failure }) => failure === undefined).length;
  return arrived === runs.length ? String(runs.length) : `${arrived} of ${runs.length}`;
}
