import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json, for the sources, the compiled code and the bundle of the commands alike. */
export const packageFolder = folderOfPackage(dirname(fileURLToPath(import.meta.url)));

/** The output folder of set-up and build. */
export const distFolder = join(packageFolder, 'dist');

/** The version in package.json. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  return version;
}

function folderOfPackage(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('no package.json above the code of the ferry');
  return folderOfPackage(parent);
}
