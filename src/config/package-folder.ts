import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json, whoever asks: the sources, what is compiled of them, or the bundle of the commands. */
export const packageFolder = folderOfPackage(dirname(fileURLToPath(import.meta.url)));

/** What set-up and build leave there. */
export const distFolder = join(packageFolder, 'dist');

function folderOfPackage(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : folderOfPackage(dirname(folder));
}
