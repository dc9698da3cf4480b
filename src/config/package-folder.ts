import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json, whoever asks: the sources, what is compiled of them, or the bundle of the commands. */
export const packageFolder = folderOfPackage(dirname(fileURLToPath(import.meta.url)));

/** What set-up and build leave there. */
export const distFolder = join(packageFolder, 'dist');

function folderOfPackage(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('the code of the ferry lies apart from its package.json');
  return folderOfPackage(parent);
}
