import { readdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';

import type { ProjectFiles } from '../compose/project-files.js';
import { FerryError } from '../domain/ferry-error.js';
import { readTextFile } from './text-files.js';

/** Per project: more than any has. */
const mostFiles = 100;

/**
 * The files of this machine for the reader of compose files. Paths begin at the root of the file system, since a project
 * may include files beside its own folder.
 *
 * @param given texts that are not in files, such as standard input, by their path
 */
export function localProjectFiles(given: ReadonlyMap<string, string> = new Map()): ProjectFiles {
  const texts = new Map<string, string | undefined>(given);
  const folders = new Map<string, readonly string[] | undefined>();
  const files: ProjectFiles = {
    addressOf: (path) => shownPath(join('/', path)),
    async read(path) {
      if (texts.has(path)) return texts.get(path);
      if (texts.size >= mostFiles) throw unusable(`more than ${mostFiles} files are included or extended`);
      const read = await readTextFile(join('/', path));
      if ('fault' in read && read.isMissing !== true) throw unusable(`${files.addressOf(path)}: ${read.fault}`);
      const text = 'text' in read ? read.text : undefined;
      texts.set(path, text);
      return text;
    },
    async require(path) {
      const text = await files.read(path);
      if (text !== undefined) return text;
      throw new FerryError(`${files.addressOf(path)} does not exist`, { code: 'upstream-missing', decision: 'block' });
    },
    async list(folder) {
      if (!folders.has(folder)) folders.set(folder, await namesOf(join('/', folder)));
      return folders.get(folder);
    },
  };
  return files;
}

/** The path below the root, as the reader of compose files takes it. */
export function pathFromRoot(path: string): string {
  return resolve(path).replace(/^\/+/, '');
}

/** Relative to the current folder where that is shorter. */
export function shownPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') || fromHere === '' ? path : fromHere;
}

async function namesOf(folder: string): Promise<readonly string[] | undefined> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  } catch {
    return undefined;
  }
}

function unusable(message: string): FerryError {
  return new FerryError(message, { code: 'upstream-format', decision: 'block' });
}
