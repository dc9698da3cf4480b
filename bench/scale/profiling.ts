import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { projectRoot } from '../../demo/tools.js';

/** FERRY_BENCH_PROFILE names a folder for a CPU profile of each thread of each worker that a scenario starts. */
export function profilingOf({ FERRY_BENCH_PROFILE: folder, NODE_OPTIONS: options = '' }: NodeJS.ProcessEnv): {
  readonly NODE_OPTIONS?: string;
} {
  if (folder === undefined || folder === '') return {};
  // Node does not take --cpu-prof from there.
  const preloaded = pathToFileURL(join(projectRoot, 'dist', 'bench', 'scale', 'profiler.js')).href;
  return { NODE_OPTIONS: `${options} --import ${preloaded}`.trim() };
}
