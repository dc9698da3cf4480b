import type { ProjectFiles } from '../../src/compose/project-files.js';
import { folderOf } from '../../src/compose/repository-path.js';
import { FerryError } from '../../src/domain/ferry-error.js';

/** The files of a repository by their paths. */
export function heldFiles(texts: Readonly<Record<string, string>>): ProjectFiles & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    addressOf: (path) => path,
    async read(path) {
      asked.push(path);
      return Object.hasOwn(texts, path) ? texts[path] : undefined;
    },
    async require(path) {
      asked.push(path);
      const text = Object.hasOwn(texts, path) ? texts[path] : undefined;
      if (text === undefined)
        throw new FerryError(`${path} is not there`, { code: 'upstream-missing', decision: 'block' });
      return text;
    },
    async list(folder) {
      asked.push(`${folder}/`);
      return Object.keys(texts).flatMap((path) =>
        folderOf(path) === folder ? [path.slice(path.lastIndexOf('/') + 1)] : [],
      );
    },
  };
}
