import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

import { distFolder } from '../config/package-folder.js';
import { FerryError } from '../domain/ferry-error.js';

/** What the bundle is made of, below the compiled sources. */
const bundledFolders = ['workflows', 'contract', 'domain'];
const compiledSources = join(distFolder, 'src');

/**
 * The workflow code that a worker loads. One that is older than the code around it would wait for activities that are
 * no more, or read their results wrongly.
 *
 * @param compiled folder of the compiled sources; the bundle is beside it
 * @returns its path
 * @throws FerryError `configuration` with the command to type, when it is missing or of other sources
 */
export function currentWorkflowBundle(compiled = compiledSources): string {
  const { path, stampPath } = bundleOf(compiled);
  if (!existsSync(path)) throw unusable('there is no workflow bundle');
  const stamp = existsSync(stampPath) ? readFileSync(stampPath, 'utf8').trim() : '';
  if (stamp !== workflowFingerprint(compiled)) throw unusable('the workflow bundle is of other code than the worker');
  return path;
}

/** Where the bundle of compiled sources is, and the fingerprint of what it was made of. */
export function bundleOf(compiled: string): { readonly path: string; readonly stampPath: string } {
  const folder = dirname(compiled.replace(/[\\/]+$/, ''));
  return { path: join(folder, 'workflow-bundle.cjs'), stampPath: join(folder, 'workflow-bundle.compiled-from') };
}

/** Of all code that goes into the bundle, written beside it by the build. */
export function workflowFingerprint(compiled = compiledSources): string {
  const hash = createHash('sha256');
  for (const path of bundledFolders.flatMap((folder) => scriptsIn(join(compiled, folder)))) {
    hash
      .update(`${relative(compiled, path).replaceAll(sep, '/')}\0`)
      .update(readFileSync(path))
      .update('\0');
  }
  return hash.digest('hex');
}

function scriptsIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .sort()
    .map((name) => join(folder, name));
}

function unusable(what: string): FerryError {
  return new FerryError(`${what}: run "npm run build" in the project folder, then start again`, {
    code: 'configuration',
    decision: 'park',
  });
}
