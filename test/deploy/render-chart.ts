import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { parseAllDocuments } from 'yaml';

import { projectRoot, requireTool } from '../support/tools.js';

export const chart: string = join(projectRoot, 'deploy', 'helm', 'image-ferry');
export const valueSets: readonly string[] = readdirSync(join(chart, 'ci')).map((name) =>
  name.replace('-values.yaml', ''),
);

/** Options of Helm for one of the sets of values. */
export function valuesFile(values: string): string[] {
  return ['--values', join(chart, 'ci', `${values}-values.yaml`)];
}

/** @returns what it printed */
export async function helm(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(requireTool('helm'), args);
  return stdout;
}

/** The objects of the release `team`. For a middle version of Kubernetes unless the options name another. */
export async function renderChart<Rendered>(values: string, ...options: string[]): Promise<readonly Rendered[]> {
  // A Helm that was built from its sources assumes an old one.
  const given = options.includes('--kube-version') ? options : ['--kube-version', '1.33.0', ...options];
  return objectsIn(await helm('template', 'team', chart, ...valuesFile(values), ...given));
}

/** The documents of a YAML stream that are not empty. */
export function objectsIn<Kind>(text: string): readonly Kind[] {
  const objects = parseAllDocuments(text).map((document) => document.toJS() as Kind | null);
  return objects.filter((object) => object !== null);
}
