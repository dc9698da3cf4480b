import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Stage } from './stage.js';

const ofFerry = /^(?:ALIYUN|MY|FERRY)_|^DOCKER_CONFIG$/;

/** Writes the variables of the demo's ferry to a file for `.` in a shell. @returns its path */
export function writeShellVariables({ folder, environment }: Pick<Stage, 'folder' | 'environment'>): string {
  const path = join(folder, 'variables.sh');
  const lines = Object.entries(environment).flatMap(([name, value = '']) =>
    ofFerry.test(name) ? [`export ${name}='${value.replaceAll("'", String.raw`'\''`)}'\n`] : [],
  );
  writeFileSync(path, lines.join(''));
  return path;
}
