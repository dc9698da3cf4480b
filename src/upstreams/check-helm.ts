import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

import type { ChartPrograms } from '../discovery/chart-programs.js';
import { Discovery } from '../discovery/discovery.js';
import { readChart } from '../discovery/read-chart.js';
import { withPrivateFolder } from '../discovery/run-program.js';
import type { UpstreamFinding } from '../domain/upstream-finding.js';
import type { HelmUpstream } from '../domain/upstream.js';
import type { UpstreamCheckOptions } from './check-options.js';
import { compareReleases } from './compare-releases.js';
import type { ReleaseImages } from './compare-releases.js';
import { discoveredImages } from './discovered-images.js';
import type { GitHub } from './github.js';
import { UpstreamFault } from './upstream-fault.js';

/**
 * Compares the images that the newest release's chart renders with those of the last handled release, or else of the
 * previous one. The worker needs Helm.
 *
 * @throws UpstreamFault naming the address
 */
export async function checkHelm(
  github: GitHub,
  upstream: HelmUpstream,
  options: UpstreamCheckOptions,
  programs: ChartPrograms,
): Promise<UpstreamFinding> {
  return await compareReleases(github, upstream, options, async (tag) => {
    return await withPrivateFolder(programs.variables, async (folder) => {
      return await imagesOfChart(github, upstream, { tag, folder, programs, signal: options.signal });
    });
  });
}

async function imagesOfChart(
  github: GitHub,
  { repository, chart, values, kubeVersion, images }: HelmUpstream,
  {
    tag,
    folder,
    programs,
    signal,
  }: {
    readonly tag: string;
    readonly folder: string;
    readonly programs: ChartPrograms;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<ReleaseImages> {
  const where = `${chart} of ${repository} at ${tag}`;
  const files = await github.readFolder({ repository, path: chart, tag }, { signal });
  if (!files.has('Chart.yaml')) {
    const why = files.size === 0 ? 'there is no such folder' : 'it has no Chart.yaml';
    throw new UpstreamFault(`${where} is not a chart: ${why}`, { code: 'upstream-missing', decision: 'block' });
  }
  const root = join(folder, 'chart');
  for (const [path, bytes] of files) {
    const target = join(root, normalize(`/${path}`));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, bytes);
  }
  const valuesFile = join(folder, 'values.json');
  await writeFile(valuesFile, JSON.stringify(values));
  const discovery = new Discovery();
  await readChart(discovery, root, where, { programs, values: [valuesFile], sets: [], kubeVersion, signal });
  return discoveredImages(discovery, images, where);
}
