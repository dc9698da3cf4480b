import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { readTar } from './read-tar.js';
import { decodeText, readTextFile } from './text-files.js';

/** Charts inside of charts. */
const deepest = 6;
/** Charts with all that they contain: the largest ones have some dozens. */
const mostCharts = 500;

/** The files that describe a chart or one of the charts in it. */
export interface ChartFiles {
  /** Path of its folder below the chart; '' for the chart itself. */
  readonly folder: string;
  readonly chart: string;
  readonly values?: string | undefined;
}

/** Receives the path of a file below the chart, and why it was not read. */
export type Unreadable = (path: string, reason: string) => void;

/** Reads `Chart.yaml` and `values.yaml` of a chart and of the charts in it, from its folder or its archive. */
export async function readChartFiles(path: string, unreadable: Unreadable): Promise<readonly ChartFiles[]> {
  const stats = await stat(path);
  return stats.isDirectory() ? await fromFolder(path, unreadable) : await fromArchive(path, '', unreadable);
}

async function fromFolder(root: string, unreadable: Unreadable): Promise<readonly ChartFiles[]> {
  const found: ChartFiles[] = [];
  await visit('', 0);
  return found;

  async function visit(folder: string, depth: number): Promise<void> {
    const chart = await textOf(join(folder, 'Chart.yaml'));
    if (chart === undefined) return;
    if (found.length >= mostCharts || depth > deepest) {
      unreadable(folder, `more than ${mostCharts} charts, or nested more than ${deepest} deep`);
      return;
    }
    found.push({ folder, chart, values: await textOf(join(folder, 'values.yaml')) });
    const inside = join(folder, 'charts');
    for (const entry of await entriesOf(join(root, inside))) {
      const path = join(inside, entry.name);
      if (entry.isDirectory()) await visit(path, depth + 1);
      else if (entry.name.endsWith('.tgz'))
        found.push(...below(path, await fromArchive(join(root, path), path, unreadable)));
    }
  }

  /** A chart may have no values. */
  async function textOf(path: string): Promise<string | undefined> {
    const read = await readTextFile(join(root, path));
    if ('text' in read) return read.text;
    if (read.isMissing !== true) unreadable(path, read.fault);
    return undefined;
  }
}

async function fromArchive(path: string, shown: string, unreadable: Unreadable): Promise<readonly ChartFiles[]> {
  const files = await readTar(createReadStream(path), (name) =>
    /^[^/]+\/(?:charts\/[^/]+\/)*(?:Chart|values)\.yaml$/.test(name),
  );
  const texts = new Map(
    [...files].map(([name, bytes]) => {
      const read = decodeText(bytes);
      if ('fault' in read) unreadable(join(shown, name), read.fault);
      return [name, 'text' in read ? read.text : undefined];
    }),
  );
  if (texts.size > 2 * mostCharts) unreadable(shown, `more than ${mostCharts} charts`);
  return [...texts].slice(0, 2 * mostCharts).flatMap(([name, chart]) => {
    if (!name.endsWith('/Chart.yaml') || chart === undefined) return [];
    const own = name.slice(0, -'Chart.yaml'.length);
    const folder = own.split('/').slice(1, -1).join('/');
    return [{ folder, chart, values: texts.get(`${own}values.yaml`) }];
  });
}

function below(folder: string, charts: readonly ChartFiles[]): readonly ChartFiles[] {
  return charts.map((chart) => ({ ...chart, folder: join(folder, chart.folder) }));
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
