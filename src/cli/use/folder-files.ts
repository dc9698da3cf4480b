import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { ProjectFiles } from '../../compose/project-files.js';
import { errorMessage } from '../../domain/error-message.js';
import { InvalidInput } from '../../domain/ferry-error.js';

const mostFiles = 200;
/** Far more than a compose file may have. */
const largestFile = 4 * 1024 * 1024;

/** The files of a compose project in a folder. Files outside the folder are not read. */
export function folderFiles(folder: string): ProjectFiles {
  let read = 0;
  const files: ProjectFiles = {
    async read(path) {
      read += 1;
      if (read > mostFiles)
        throw new InvalidInput(`the project in ${folder} has more than ${mostFiles} files`, 'configuration');
      const file = join(folder, path);
      try {
        const { size } = await stat(file);
        if (size > largestFile)
          throw new InvalidInput(`${file} has ${size} bytes; the maximum is ${largestFile}`, 'configuration');
        return await readFile(file, 'utf8');
      } catch (error) {
        if (isMissing(error)) return undefined;
        if (error instanceof InvalidInput) throw error;
        throw new InvalidInput(`${file} cannot be read: ${errorMessage(error)}`, 'configuration');
      }
    },
    async require(path) {
      const text = await files.read(path);
      if (text === undefined) throw new InvalidInput(`${join(folder, path)} does not exist`, 'configuration');
      return text;
    },
    async list(path) {
      try {
        const entries = await readdir(join(folder, path), { withFileTypes: true });
        return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
      } catch (error) {
        if (isMissing(error)) return [];
        throw new InvalidInput(`${join(folder, path)} cannot be read: ${errorMessage(error)}`, 'configuration');
      }
    },
    addressOf: (path) => join(folder, path),
  };
  return files;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
