import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { distFolder } from '../config/package-folder.js';
import { FerryError } from '../domain/ferry-error.js';

/**
 * Path of the workflow code that a worker loads. The build puts it beside the bundled worker, so that both have the
 * same version: older workflow code would wait for activities that no longer exist, or misread their results.
 *
 * @param folder the build's output folder
 * @throws FerryError `configuration` with the command to run, if it is missing
 */
export function workflowBundlePath(folder = join(distFolder, 'ferry')): string {
  const path = join(folder, 'workflow-bundle.cjs');
  if (existsSync(path)) return path;
  throw new FerryError(
    `the workflow bundle ${path} is missing: run "npm run build" in a clone, or install the package again`,
    {
      code: 'configuration',
      decision: 'block',
    },
  );
}
