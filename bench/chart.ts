import type { Outcome } from './scenario.js';
import { hasArrived, medianOf } from './statistics.js';

const width = 860;
const labelWidth = 330;
const barHeight = 16;
const rowHeight = 22;
const titleHeight = 34;
const valueWidth = 120;

/** Bars of wall time, a group for each scenario, each group in its own measure; the ferry's bars are the dark ones. */
export function drawChart(outcomes: readonly Outcome[]): string {
  const parts: string[] = [];
  let y = 8;
  for (const { title, entries } of outcomes) {
    const bars = entries.map((entry) => {
      const seconds = (medianOf(entry, 'wallMs') ?? 0) / 1000;
      return { name: entry.name, seconds, value: `${hasArrived(entry) ? '' : 'fails after '}${seconds.toFixed(2)} s` };
    });
    const longest = Math.max(...bars.map(({ seconds }) => seconds));
    parts.push(text(8, y + 20, title, 'font-weight="bold"'));
    y += titleHeight;
    for (const { name, seconds, value } of bars) {
      const length = longest === 0 ? 0 : (seconds / longest) * (width - labelWidth - valueWidth);
      const fill = name.startsWith('ferry') ? '#1b5e8c' : '#a9b8c4';
      parts.push(
        text(labelWidth - 8, y + 13, name, 'text-anchor="end"'),
        `<rect x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" fill="${fill}"/>`,
        text(labelWidth + length + 6, y + 13, value),
      );
      y += rowHeight;
    }
  }
  const height = y + 8;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y}" fill="#222222" ${attributes}>${escaped}</text>`;
}
