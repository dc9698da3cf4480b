import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { packageVersion } from '../config/package-folder.js';

/** Enough to tell the builds of one version of the package apart. */
const hashCharacters = 12;

/**
 * The build ID of a worker: the version of the package, and a hash of the workflow code. Two builds with one ID can
 * continue each other's workflows.
 *
 * @param workflowBundle path of the workflow code
 */
export function buildIdOf(workflowBundle: string): string {
  const hash = createHash('sha256').update(readFileSync(workflowBundle)).digest('hex').slice(0, hashCharacters);
  return `${packageVersion()}-${hash}`;
}
